{# A timestamp that shows the clock of a time zone, as a UTC timestamp. #}
{% macro local_to_utc(local_time, zone) %}
    {% if zone == 'UTC' %}
        {% do return(local_time) %}
    {% endif %}
    {% do return(adapter.dispatch('local_to_utc', 'tierwise')(local_time, zone)) %}
{% endmacro %}

{% macro default__local_to_utc(local_time, zone) %}
    {% do return("timezone('UTC', timezone('" ~ zone ~ "', " ~ local_time ~ '))') %}
{% endmacro %}

{% macro spark__local_to_utc(local_time, zone) %}
    {% do return("convert_timezone('" ~ zone ~ "', 'UTC', " ~ local_time ~ ')') %}
{% endmacro %}
