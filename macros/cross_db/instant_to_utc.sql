{# A timestamp with time zone as a UTC timestamp without one, whatever zone the session is in. #}
{% macro instant_to_utc(instant) %}
    {% do return(adapter.dispatch('instant_to_utc', 'tierwise')(instant)) %}
{% endmacro %}

{% macro default__instant_to_utc(instant) %}
    {% do return("timezone('UTC', " ~ instant ~ ')') %}
{% endmacro %}

{# The session is in UTC: python/tierwise/spark.py sees to that. #}
{% macro spark__instant_to_utc(instant) %}
    {% do return('cast(' ~ instant ~ ' as timestamp_ntz)') %}
{% endmacro %}
