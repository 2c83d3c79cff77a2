{# A source column as a number: text only where the whole of it is one, as an exact decimal. #}
{% macro number_from(sql, type, entry) %}
    {% if not tierwise.is_text_type(type) %}
        {% do return(sql) %}
    {% endif %}
    {% do return('try_cast(' ~ tierwise.number_text(sql, entry) ~ ' as decimal(18, 6))') %}
{% endmacro %}
