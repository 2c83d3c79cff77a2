{# Column names of a query or relation, mapped to their types, in order. #}
{% macro column_types(relation) %}
    {% do return(adapter.dispatch('column_types', 'tierwise')(relation)) %}
{% endmacro %}

{% macro default__column_types(relation) %}
    {% set types = {} %}
    {% for row in run_query('describe select * from ' ~ relation ~ ' as described').rows %}
        {% do types.update({row[0]: row[1]}) %}
    {% endfor %}
    {% do return(types) %}
{% endmacro %}
