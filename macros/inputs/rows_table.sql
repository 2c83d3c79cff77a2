{# Where rows of text files are kept that had to be read line by line. #}
{% macro rows_table() %}
    {% do return(api.Relation.create(
        database=target.database or none, schema=target.schema, identifier='input_rows_read_by_line'
    )) %}
{% endmacro %}
