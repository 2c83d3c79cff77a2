{# Whole days from the earlier to the later date; 0 on the same day. #}
{% macro days_between(earlier, later) %}
    {% do return(adapter.dispatch('days_between', 'tierwise')(earlier, later)) %}
{% endmacro %}

{% macro default__days_between(earlier, later) %}
    {% do return("date_diff('day', " ~ earlier ~ ', ' ~ later ~ ')') %}
{% endmacro %}

{% macro spark__days_between(earlier, later) %}
    {% do return('datediff(' ~ later ~ ', ' ~ earlier ~ ')') %}
{% endmacro %}
