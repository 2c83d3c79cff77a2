{# Keys of the files an input table is read from, each content once, and whether they are known by their content. #}
{% macro files_to_load(table) %}
    {% set rows = run_query(
        'select source_file_key, file_sha256 is not null from ' ~ ref('stg_commerce__files')
        ~ " where source_table = '" ~ table ~ "' and duplicate_of is null group by 1, 2 order by 1"
    ).rows %}
    {% do return({
        'file_keys': rows | map(attribute=0) | map('int') | list,
        'are_hashed': rows | map(attribute=1) | reject | list | length == 0,
    }) %}
{% endmacro %}
