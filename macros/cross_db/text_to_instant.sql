{# Text with an offset from UTC as a timestamp with time zone; null where it is none. #}
{% macro text_to_instant(text) %}
    {% do return(adapter.dispatch('text_to_instant', 'tierwise')(text)) %}
{% endmacro %}

{% macro default__text_to_instant(text) %}
    {% do return('try_cast(' ~ text ~ ' as timestamptz)') %}
{% endmacro %}

{% macro spark__text_to_instant(text) %}
    {% do return('try_cast(' ~ text ~ ' as timestamp_ltz)') %}
{% endmacro %}
