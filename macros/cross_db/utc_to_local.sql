{# A UTC timestamp as the clock of a time zone shows it. #}
{% macro utc_to_local(utc_time, zone) %}
    {% if zone == 'UTC' %}
        {% do return(utc_time) %}
    {% endif %}
    {% do return(adapter.dispatch('utc_to_local', 'tierwise')(utc_time, zone)) %}
{% endmacro %}

{% macro default__utc_to_local(utc_time, zone) %}
    {% do return("timezone('" ~ zone ~ "', timezone('UTC', " ~ utc_time ~ '))') %}
{% endmacro %}

{% macro spark__utc_to_local(utc_time, zone) %}
    {% do return("convert_timezone('UTC', '" ~ zone ~ "', " ~ utc_time ~ ')') %}
{% endmacro %}
