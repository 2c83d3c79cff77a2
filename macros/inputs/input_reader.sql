{#
    What an input table is read from: `relation` is an SQL text, `columns` maps each lower-case column name to its
    name, quoted SQL and type, `files` are its files, each with a label and the key its rows bear. Two pseudo-columns can
    be used in a mapping: _row, the position in its file, and _file.
#}
{% macro input_reader(table, entry, model_relation) %}
    {% set columns = {} %}
    {% if entry.path %}
        {% set inspected = tierwise.inspected_files(table, entry, false) %}
        {% set files = inspected.files %}
        {% set relation = tierwise.read_files(
            files | rejectattr('duplicate_of') | list, inspected.csv
        ) %}
        {% set name = entry.path %}
    {% else %}
        {% if model_relation %}
            {% set relation = model_relation | string %}
        {% else %}
            {% set found = adapter.get_relation(
                entry.get('database', target.database or none), entry.get('schema', target.schema), entry.get('table', table)
            ) %}
            {% if not found %}
                {{ exceptions.raise_compiler_error(
                    "TABLE_MISSING Input '" ~ table ~ "': there is no table " ~ entry.get('database', target.database or none)
                    ~ "." ~ entry.get('schema', target.schema) ~ "." ~ entry.get('table', table)
                    ~ ". Set path, or table with its schema and database, or model under inputs: " ~ table ~ "."
                ) }}
            {% endif %}
            {% set relation = found | string %}
        {% endif %}
        {% set name = relation | replace('"', '') %}
        {% set files = [{'label': name, 'key': tierwise.file_key(none, name)}] %}
    {% endif %}
    {% for name, type in tierwise.input_columns(entry, relation).items() %}
        {% set key = name | trim | lower %}
        {% if key in columns %}
            {{ exceptions.raise_compiler_error(
                "SCHEMA_DUPLICATE_COLUMN Input '" ~ table ~ "' has two columns called '" ~ (name | trim) ~ "'."
            ) }}
        {% endif %}
        {% do columns.update({key: {
            'name': name | trim, 'type': type,
            'sql': tierwise.default__quoted(name) if entry.path else tierwise.quoted(name),
            'is_pseudo': entry.path and name in tierwise.pseudo_columns(),
        }}) %}
    {% endfor %}
    {% do return({'relation': relation, 'columns': columns, 'name': name, 'files': files}) %}
{% endmacro %}
