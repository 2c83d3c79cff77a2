{# What the last build found in the files of a table, by file key: what was scanned then need not be scanned again. #}
{% macro known_files(table) %}
    {% set relation = ref('stg_commerce__files') %}
    {% set known = {} %}
    {% set existing = load_relation(relation) %}
    {% if flags.FULL_REFRESH or existing is none or not existing.is_table %}
        {% do return(known) %}
    {% endif %}
    {% for row in run_query(
        'select source_file_key, row_count, rejected_count, is_read_by_line, first_line from ' ~ relation
        ~ " where source_table = '" ~ table ~ "' and file_sha256 is not null and duplicate_of is null and definition = '"
        ~ tierwise.loading_definition() ~ "'"
    ).rows %}
        {% do known.update({row[0] | string: {
            'rows': row[1] | int, 'rejected_rows': row[2] | int, 'line_by_line': row[3] | as_bool,
            'first_line': row[4] | int if row[4] is not none else none,
        }}) %}
    {% endfor %}
    {% do return(known) %}
{% endmacro %}
