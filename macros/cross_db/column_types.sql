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

{# Under the names that DuckDB gives the types. #}
{% macro spark__column_types(relation) %}
    {% set names = {'string': 'VARCHAR', 'timestamp_ntz': 'TIMESTAMP', 'timestamp': 'TIMESTAMP WITH TIME ZONE'} %}
    {% set types = {} %}
    {% for row in run_query('describe query select * from ' ~ relation).rows %}
        {% do types.update({row[0]: names.get(row[1], row[1] | upper)}) %}
    {% endfor %}
    {% do return(types) %}
{% endmacro %}
