{# The texts of several rows as one, in an order. #}
{% macro joined_rows(text, separator, order) %}
    {% do return(adapter.dispatch('joined_rows', 'tierwise')(text, separator, order)) %}
{% endmacro %}

{% macro default__joined_rows(text, separator, order) %}
    {% do return('string_agg(' ~ text ~ ", '" ~ separator ~ "' order by " ~ order ~ ')') %}
{% endmacro %}

{% macro spark__joined_rows(text, separator, order) %}
    {% do return('listagg(' ~ text ~ ", '" ~ separator ~ "') within group (order by " ~ order ~ ')') %}
{% endmacro %}
