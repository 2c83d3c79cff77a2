{#
    What read_files says of a row beside its columns: file, position and line; and, where a line was no row, why, and
    the line itself.
#}
{% macro pseudo_columns() %}
    {% do return(['_file', '_file_key', '_row', '_line', '_row_code', '_row_detail', '_raw_line']) %}
{% endmacro %}
