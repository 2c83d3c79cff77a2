{# A timestamp with time zone as a UTC timestamp without one, whatever zone the session is in. #}
{% macro instant_to_utc(instant) %}
    {% do return(adapter.dispatch('instant_to_utc', 'tierwise')(instant)) %}
{% endmacro %}

{% macro default__instant_to_utc(instant) %}
    {% do return("timezone('UTC', " ~ instant ~ ')') %}
{% endmacro %}
