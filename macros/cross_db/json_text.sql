{# The value of a field of a JSON text, as text; null where the field is not there. #}
{% macro json_text(record, field) %}
    {% do return(adapter.dispatch('json_text', 'tierwise')(record, field)) %}
{% endmacro %}

{% macro default__json_text(record, field) %}
    {% do return('json_extract_string(' ~ record ~ ", '$.' || " ~ field ~ ')') %}
{% endmacro %}

{% macro spark__json_text(record, field) %}
    {% do return('get_json_object(' ~ record ~ ", concat('$.', " ~ field ~ '))') %}
{% endmacro %}
