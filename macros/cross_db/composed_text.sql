{# Unicode normal form C, so that one name typed on two machines is one id. #}
{% macro composed_text(text) %}
    {% do return(adapter.dispatch('composed_text', 'tierwise')(text)) %}
{% endmacro %}

{% macro default__composed_text(text) %}
    {% do return('nfc_normalize(' ~ text ~ ')') %}
{% endmacro %}

{# Spark has no such function. The text of files is composed where DuckDB reads them. #}
{% macro spark__composed_text(text) %}
    {% do return(text) %}
{% endmacro %}
