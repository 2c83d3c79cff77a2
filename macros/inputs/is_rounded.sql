{# True where an amount of the row had more decimals than the two it keeps, and they were not all 0. #}
{% macro is_rounded(input, table) %}
    {% set checks = [] %}
    {% for column, type in tierwise.input_contract()[table].columns.items()
        if type == 'money' and column not in input.unmapped %}
        {% set source_type = input.types[column] | upper %}
        {% set typed = tierwise.money_column(input, column) %}
        {% if tierwise.is_text_type(source_type) %}
            {% do checks.append(tierwise.full_match(
                'trim(' ~ column ~ ')', '.*[' ~ input.entry.get('decimal_separator', '.') ~ '][0-9]{2}[0-9]*[1-9][0-9]*'
            )) %}
        {% elif source_type == 'DOUBLE' %}
            {# Sums of doubles are off by less than a millionth, and nobody rounded them. #}
            {% do checks.append('abs(cast(' ~ typed ~ ' as double) - ' ~ column ~ ') > 0.000001') %}
        {% elif source_type in ['FLOAT', 'REAL'] %}
            {% do checks.append('cast(' ~ typed ~ ' as ' ~ source_type ~ ') <> ' ~ column) %}
        {% else %}
            {% do checks.append(typed ~ ' <> ' ~ column) %}
        {% endif %}
    {% endfor %}
    {% do return('coalesce(' ~ checks | join(' or ') ~ ', false)' if checks else 'false') %}
{% endmacro %}
