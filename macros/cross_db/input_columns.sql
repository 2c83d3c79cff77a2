{# Column names of what an input is read from, mapped to their types, in order. #}
{% macro input_columns(entry, relation) %}
    {% do return(adapter.dispatch('input_columns', 'tierwise')(entry, relation)) %}
{% endmacro %}

{% macro default__input_columns(entry, relation) %}
    {% do return(tierwise.column_types(relation)) %}
{% endmacro %}

{% macro spark__input_columns(entry, relation) %}
    {% if not entry.path %}
        {% do return(tierwise.column_types(relation)) %}
    {% endif %}
    {% set types = {} %}
    {% for row in run_query('/* tierwise: by DuckDB */ describe select * from ' ~ relation ~ ' as described').rows %}
        {% do types.update({row[0]: row[1]}) %}
    {% endfor %}
    {% do return(types) %}
{% endmacro %}
