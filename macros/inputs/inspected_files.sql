{# The files behind a path, or the error that names file, cause and cure. `scan` reads them whole, once a run. #}
{% macro inspected_files(table, entry, scan) %}
    {% set inspection = fromjson(tierwise.inspect_files(
        tojson({'path': entry.path, 'csv': entry.get('csv', {}), 'scan': scan})
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
    {# A single file goes by the name it was given, so that a row says the same on every machine. #}
    {% for file in inspection.files %}
        {% do file.update({'label': entry.path if inspection.files | length == 1 else file.path}) %}
    {% endfor %}
    {% do return(inspection.files) %}
{% endmacro %}
