{#
    The files behind a path, each with its label and the key its rows bear, and the dialect of their text in DuckDB's own
    words; or the error that names file, cause and cure. A copy of another file says of which. `scan` reads them whole,
    once a run, but for those an earlier build has read; what it found is what the models of the same run read.
#}
{% macro inspected_files(table, entry, scan) %}
    {% set known_files = tierwise.known_files(table) if scan else {} %}
    {% set inspection = fromjson(tierwise.inspect_files(tojson({
        'path': entry.path, 'csv': tierwise.csv_dialect(entry), 'scan': scan,
        'allow_no_rows': entry.get('allow_no_rows', false), 'rows_table': tierwise.rows_table() | string,
        'known_files': known_files,
    }))) %}
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
    {# A file that was named goes by that name, so that a row says the same on every machine; and one version of DuckDB
       puts ./ before the files of a glob, another does not. #}
    {% set is_glob = modules.re.search('[*?[]', entry.path) is not none %}
    {% set files = [] %}
    {% for file in inspection.files %}
        {% set path = file.path[2:] if file.path[:2] == './' and entry.path[:2] != './' else file.path %}
        {% set label = path if is_glob else entry.path %}
        {% do file.update({'label': label, 'key': tierwise.file_key(file.sha256, label)}) %}
        {% do files.append(file) %}
    {% endfor %}
    {% do return({'files': files, 'csv': inspection.csv}) %}
{% endmacro %}
