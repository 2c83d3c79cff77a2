{#
    What to do about a build that did not fit into memory. DuckDB names only its own settings, so the end of a build names
    those of this project.
#}
{% macro memory_problem(results) %}
    {% set names = [] %}
    {% for result in results or [] %}
        {% if 'Out of Memory Error' in (result.message or '') | string %}
            {% do names.append(result.node.name) %}
        {% endif %}
    {% endfor %}
    {% if execute and names %}
        {% set limit = env_var('TIERWISE_MEMORY_LIMIT', '') %}
        {% do exceptions.raise_compiler_error(
            'The build does not fit into ' ~ ('MEMORY_LIMIT=' ~ limit if limit else 'the 80 % of memory that DuckDB takes')
            ~ ': DuckDB ran out of it in ' ~ names | join(', ') ~ '. Give it more (make build MEMORY_LIMIT=12GB, or '
            ~ 'TIERWISE_MEMORY_LIMIT in the environment), build one model at a time (THREADS=1), or, where the disk is what '
            ~ 'is full, let it spill to another one (SPILL_FOLDER=/path, or TIERWISE_SPILL_FOLDER).'
        ) %}
    {% endif %}
{% endmacro %}
