{# The whole numbers from one to another, both included, a row each; none where the second is less. #}
{% macro numbers_between(first, last) %}
    {% do return(adapter.dispatch('numbers_between', 'tierwise')(first, last)) %}
{% endmacro %}

{% macro default__numbers_between(first, last) %}
    {% do return('unnest(generate_series(' ~ first ~ ', ' ~ last ~ '))') %}
{% endmacro %}

{# The sequence of Spark counts down where the second number is less. #}
{% macro spark__numbers_between(first, last) %}
    {% do return(
        'explode(if(' ~ first ~ ' <= ' ~ last ~ ', sequence(cast(' ~ first ~ ' as bigint), cast(' ~ last
        ~ ' as bigint)), cast(array() as array<bigint>)))'
    ) %}
{% endmacro %}
