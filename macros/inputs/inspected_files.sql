{#
    The files behind a path, each once whatever its copies, and the dialect of their text in DuckDB's own words; or the
    error that names file, cause and cure. `scan` reads
    them whole, once a run; what it found is what the models of the same run read.
#}
{% macro inspected_files(table, entry, scan) %}
    {% set inspection = fromjson(tierwise.inspect_files(
        tojson({'path': entry.path, 'csv': tierwise.csv_dialect(entry), 'scan': scan})
    )) %}
    {% set error = inspection.error %}
    {% if error %}
        {{ exceptions.raise_compiler_error(
            error.code ~ " Input '" ~ table ~ "', " ~ (error.file or entry.path)
            ~ (', line ' ~ error.line if error.line else '') ~ ": " ~ error.message
        ) }}
    {% endif %}
    {% if scan %}
        {% for warning in inspection.warnings %}
            {% do exceptions.warn(warning.code ~ " Input '" ~ table ~ "': " ~ warning.message) %}
        {% endfor %}
    {% endif %}
    {# A single file goes by the name it was given, so that a row says the same on every machine; and one version of
       DuckDB puts ./ before the files of a glob, another does not. #}
    {% set files = [] %}
    {% for file in inspection.files if not file.duplicate_of %}
        {% set path = file.path[2:] if file.path[:2] == './' and entry.path[:2] != './' else file.path %}
        {% do file.update({'label': entry.path if inspection.files | length == 1 else path}) %}
        {% do files.append(file) %}
    {% endfor %}
    {% do return({'files': files, 'csv': inspection.csv}) %}
{% endmacro %}
