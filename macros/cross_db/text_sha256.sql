{# SHA-256 of a text in UTF-8, in hexadecimal. #}
{% macro text_sha256(text) %}
    {% do return(adapter.dispatch('text_sha256', 'tierwise')(text)) %}
{% endmacro %}

{% macro default__text_sha256(text) %}
    {% do return('sha256(' ~ text ~ ')') %}
{% endmacro %}

{% macro spark__text_sha256(text) %}
    {% do return('sha2(' ~ text ~ ', 256)') %}
{% endmacro %}
