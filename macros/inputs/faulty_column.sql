{# The contract's name of the column that the first of the format codes is about; null where it is about the whole row. #}
{% macro faulty_column(input, table) %}
    {% set branches = [] %}
    {% if input.has_row_codes %}
        {% do branches.append('when row_code is not null then null') %}
    {% endif %}
    {% set checks = tierwise.text_checks(input, table) %}
    {% for code in ['ROW_EMBEDDED_NEWLINE', 'CONTROL_CHARACTER', 'TOO_LONG'] %}
        {% for column, condition in checks[code].items() %}
            {% do branches.append('when ' ~ condition ~ " then '" ~ column ~ "'") %}
        {% endfor %}
    {% endfor %}
    {% for column, check in tierwise.format_checks(input, table, none) %}
        {% do branches.append('when (' ~ check ~ ") is not null then '" ~ column ~ "'") %}
    {% endfor %}
    {% do return('case ' ~ branches | join(' ') ~ ' end' if branches else 'cast(null as string)') %}
{% endmacro %}
