{# A text as an SQL literal, or null. #}
{% macro text_literal(text) %}
    {% do return('null' if text is none or text is undefined else "'" ~ text.replace("'", "''") ~ "'") %}
{% endmacro %}
