{# A text as an SQL literal, or null. #}
{% macro text_literal(text) %}
    {% do return(adapter.dispatch('text_literal', 'tierwise')(text)) %}
{% endmacro %}

{% macro default__text_literal(text) %}
    {% do return('null' if text is none or text is undefined else "'" ~ text.replace("'", "''") ~ "'") %}
{% endmacro %}

{% macro spark__text_literal(text) %}
    {% do return(
        'null' if text is none or text is undefined else "'" ~ text.replace('\\', '\\\\').replace("'", "\\'") ~ "'"
    ) %}
{% endmacro %}
