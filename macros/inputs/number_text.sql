{#
    Text that is a plain number in full, with a point as decimal separator; null otherwise. '1e5', '1_000', '(12)', '$5'
    and '1,234.50' are not plain unless the source declares its separators: guessing would turn 1,234 into 1.234.
#}
{% macro number_text(sql, entry) %}
    {% set point = '[' ~ entry.get('decimal_separator', '.') ~ ']' %}
    {% set group = entry.get('thousands_separator') %}
    {% set digits = '[0-9]+' %}
    {% set trimmed = 'trim(' ~ sql ~ ')' %}
    {% set plain = trimmed %}
    {% if group %}
        {% set digits = '([0-9]+|[0-9]{1,3}([' ~ group.replace("'", "''") ~ '][0-9]{3})+)' %}
        {% set plain = "replace(" ~ plain ~ ", '" ~ group.replace("'", "''") ~ "', '')" %}
    {% endif %}
    {% if entry.get('decimal_separator') == ',' %}
        {% set plain = "replace(" ~ plain ~ ", ',', '.')" %}
    {% endif %}
    {% set pattern = '[+-]?(' ~ digits ~ '(' ~ point ~ '[0-9]+)?|' ~ point ~ '[0-9]+)' %}
    {% do return('case when ' ~ tierwise.full_match(trimmed, pattern) ~ ' then ' ~ plain ~ ' end') %}
{% endmacro %}
