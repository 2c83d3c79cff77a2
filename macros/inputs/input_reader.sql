{#
    What an input table is read from: `relation` is an SQL text, `columns` maps each lower-case column name to its
    name, quoted SQL and type, `file_sql` says where a row came from. Two pseudo-columns can be used in a mapping:
    _row, the position in its file, and _file.
#}
{% macro input_reader(table, entry, model_relation) %}
    {% set columns = {} %}
    {% if entry.path %}
        {% set inspected = tierwise.inspected_files(table, entry, false) %}
        {% set uses_row = tierwise.mentions_row(entry) %}
        {% set relation = tierwise.read_files(inspected.files, inspected.csv, uses_row) %}
        {% set name = entry.path %}
        {% set file_sql = '_file' %}
    {% else %}
        {% if model_relation %}
            {% set relation = model_relation | string %}
        {% else %}
            {% set found = adapter.get_relation(
                entry.get('database', target.database), entry.get('schema', target.schema), entry.get('table', table)
            ) %}
            {% if not found %}
                {{ exceptions.raise_compiler_error(
                    "TABLE_MISSING Input '" ~ table ~ "': there is no table " ~ entry.get('database', target.database)
                    ~ "." ~ entry.get('schema', target.schema) ~ "." ~ entry.get('table', table)
                    ~ ". Set path, or table with its schema and database, or model under inputs: " ~ table ~ "."
                ) }}
            {% endif %}
            {% set relation = found | string %}
        {% endif %}
        {% set name = relation | replace('"', '') %}
        {% set file_sql = "'" ~ name.replace("'", "''") ~ "'" %}
    {% endif %}
    {% for name, type in tierwise.column_types(relation).items() %}
        {% set key = name | trim | lower %}
        {% if key in columns %}
            {{ exceptions.raise_compiler_error(
                "SCHEMA_DUPLICATE_COLUMN Input '" ~ table ~ "' has two columns called '" ~ (name | trim) ~ "'."
            ) }}
        {% endif %}
        {% do columns.update({key: {
            'name': name | trim, 'sql': tierwise.quoted(name), 'type': type,
            'is_pseudo': entry.path and name in ['_row', '_file'],
        }}) %}
    {% endfor %}
    {% do return({'relation': relation, 'columns': columns, 'name': name, 'file_sql': file_sql}) %}
{% endmacro %}
