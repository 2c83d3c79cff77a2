{# A whole row of a relation as JSON text. #}
{% macro record_as_json(relation) %}
    {% do return(adapter.dispatch('record_as_json', 'tierwise')(relation)) %}
{% endmacro %}

{% macro default__record_as_json(relation) %}
    {% do return('cast(to_json(' ~ relation ~ ') as varchar)') %}
{% endmacro %}
