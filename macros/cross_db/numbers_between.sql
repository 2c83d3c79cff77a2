{# The whole numbers from one to another, both included, a row each; none where the second is less. #}
{% macro numbers_between(first, last) %}
    {% do return(adapter.dispatch('numbers_between', 'tierwise')(first, last)) %}
{% endmacro %}

{% macro default__numbers_between(first, last) %}
    {% do return('unnest(generate_series(' ~ first ~ ', ' ~ last ~ '))') %}
{% endmacro %}
