{#
    A relation over files, mapped, as what the models can read. Spark reads what DuckDB has read: files are inspected and
    mapped by the same code whatever engine builds the models, and wait as Parquet.
#}
{% macro landed_input(entry, relation) %}
    {% do return(adapter.dispatch('landed_input', 'tierwise')(entry, relation)) %}
{% endmacro %}

{% macro default__landed_input(entry, relation) %}
    {% do return(relation) %}
{% endmacro %}

{% macro spark__landed_input(entry, relation) %}
    {% if not entry.path %}
        {% do return(relation) %}
    {% endif %}
    {% set folder = run_query('/* tierwise: land */ select * from ' ~ relation).rows[0][0] %}
    {% do return('(select * from parquet.' ~ tierwise.quoted(folder) ~ ')') %}
{% endmacro %}
