{# An element of a list, the first of which is number 1. #}
{% macro list_element(list, number) %}
    {% do return(adapter.dispatch('list_element', 'tierwise')(list, number)) %}
{% endmacro %}

{% macro default__list_element(list, number) %}
    {% do return(list ~ '[' ~ number ~ ']') %}
{% endmacro %}

{% macro spark__list_element(list, number) %}
    {% do return('element_at(' ~ list ~ ', ' ~ number ~ ')') %}
{% endmacro %}
