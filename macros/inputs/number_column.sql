{% macro number_column(input, column, scale) %}
    {% set type = input.types[column] | upper %}
    {% set target_type = 'decimal(18, ' ~ scale ~ ')' %}
    {% if tierwise.is_text_type(type) %}
        {% do return('try_cast(' ~ tierwise.number_text(column, input.entry) ~ ' as ' ~ target_type ~ ')') %}
    {% elif type in ['DOUBLE', 'FLOAT', 'REAL'] %}
        {% do return('case when ' ~ tierwise.is_finite(column, type) ~ ' then try_cast(' ~ column ~ ' as ' ~ target_type ~ ') end') %}
    {% endif %}
    {% do return('try_cast(' ~ column ~ ' as ' ~ target_type ~ ')') %}
{% endmacro %}
