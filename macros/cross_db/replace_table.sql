{# Puts the rows of a query in the place of a small table. #}
{% macro replace_table(relation, query) %}
    {% do return(adapter.dispatch('replace_table', 'tierwise')(relation, query)) %}
{% endmacro %}

{% macro default__replace_table(relation, query) %}
    {% do run_query('create or replace table ' ~ relation ~ ' as ' ~ query) %}
{% endmacro %}

{% macro spark__replace_table(relation, query) %}
    {% do run_query('drop table if exists ' ~ relation) %}
    {% do run_query('create table ' ~ relation ~ ' using parquet as ' ~ query) %}
{% endmacro %}
