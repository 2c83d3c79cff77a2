{# Asks the plugin python/tierwise/duckdb_plugin.py what files are behind a path and whether they can be read. #}
{% macro inspect_files(options) %}
    {% do return(adapter.dispatch('inspect_files', 'tierwise')(options)) %}
{% endmacro %}

{% macro default__inspect_files(options) %}
    {{ exceptions.raise_compiler_error(
        "Inputs by `path` are read on DuckDB only. On this target name a `table` or a `model` under inputs."
    ) }}
{% endmacro %}

{# Not Spark but the DuckDB beside the driver: python/tierwise/spark.py hands it what is marked so. #}
{% macro spark__inspect_files(options) %}
    {% do return(run_query(
        "/* tierwise: by DuckDB */ select tierwise_inspect_files('" ~ options.replace("'", "''") ~ "') as answer"
    ).rows[0][0]) %}
{% endmacro %}

{% macro duckdb__inspect_files(options) %}
    {% set known = run_query("select 1 from duckdb_functions() where function_name = 'tierwise_inspect_files'") %}
    {% if not known.rows %}
        {{ exceptions.raise_compiler_error(
            "Reading files needs tierwise's plugin. Add to the dbt profile: plugins: [{module: tierwise.duckdb_plugin}] "
            ~ "and install the Python package tierwise, or name its folder under module_paths."
        ) }}
    {% endif %}
    {% set answer = run_query("select tierwise_inspect_files('" ~ options.replace("'", "''") ~ "') as answer") %}
    {% do return(answer.rows[0][0]) %}
{% endmacro %}
