{#
    Reason codes of one row that could not be read, joined by commas; empty where all of it could. A line that is no row
    has that one reason. A notice that an order was deleted needs an order id and its own time, and no more.
#}
{% macro format_codes(input, table) %}
    {% set checks = tierwise.text_checks(input, table) %}
    {% set text_codes = [] %}
    {% for code in ['ROW_EMBEDDED_NEWLINE', 'CONTROL_CHARACTER', 'TOO_LONG'] if checks[code] %}
        {% do text_codes.append('case when ' ~ checks[code].values() | join(' or ') ~ " then '" ~ code ~ "' end") %}
    {% endfor %}
    {% if text_codes %}
        {% set text_codes = ['case when ' ~ checks.any.values() | join(' or ') ~ " then nullif(concat_ws(',', "
            ~ text_codes | join(', ') ~ "), '') end"] %}
    {% endif %}
    {% set column_codes = tierwise.format_checks(input, table, none) | map(attribute=1) | list %}
    {% set all_codes = "concat_ws(',', " ~ (text_codes + column_codes) | join(', ') ~ ')' %}
    {% set branches = [] %}
    {% if input.has_row_codes %}
        {% do branches.append('when row_code is not null then row_code') %}
    {% endif %}
    {% if table == 'orders' and 'is_deleted' not in input.unmapped %}
        {% set codes = tierwise.format_checks(input, table, ['order_id', 'updated_at']) | map(attribute=1) | list %}
        {% do branches.append(
            'when ' ~ tierwise.boolean_column(input, 'is_deleted') ~ " then concat_ws(',', "
            ~ (text_codes + codes) | join(', ') ~ ')'
        ) %}
    {% endif %}
    {% do return('case ' ~ branches | join(' ') ~ ' else ' ~ all_codes ~ ' end' if branches else all_codes) %}
{% endmacro %}
