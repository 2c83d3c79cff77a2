{# The date that many days before another. #}
{% macro days_before(later, days) %}
    {% do return(adapter.dispatch('days_before', 'tierwise')(later, days)) %}
{% endmacro %}

{% macro default__days_before(later, days) %}
    {% do return('(' ~ later ~ ' - ' ~ days ~ ')') %}
{% endmacro %}
