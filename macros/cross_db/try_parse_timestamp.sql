{# Text read with a strptime format; null where it does not match in full. #}
{% macro try_parse_timestamp(text, format) %}
    {% do return(adapter.dispatch('try_parse_timestamp', 'tierwise')(text, format)) %}
{% endmacro %}

{% macro default__try_parse_timestamp(text, format) %}
    {% do return('cast(try_strptime(' ~ text ~ ", '" ~ format ~ "') as timestamp)") %}
{% endmacro %}
