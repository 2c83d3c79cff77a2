{# Stops the query that comes to evaluate it, with a message. #}
{% macro fail_with(message) %}
    {% do return(adapter.dispatch('fail_with', 'tierwise')(message)) %}
{% endmacro %}

{% macro default__fail_with(message) %}
    {% do return('error(' ~ message ~ ')') %}
{% endmacro %}

{% macro spark__fail_with(message) %}
    {% do return('raise_error(' ~ message ~ ')') %}
{% endmacro %}
