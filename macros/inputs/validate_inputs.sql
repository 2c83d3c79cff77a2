{# Runs on-run-start: no model changes while a file cannot be read in full or a column is missing. #}
{% macro validate_inputs() %}
    {# known_files asks it; said here, where dbt sees it. #}
    {% do ref('stg_commerce__files') %}
    {% if not execute or flags.WHICH not in ['build', 'run', 'retry'] %}
        {% do return('') %}
    {% endif %}
    {% set inputs = tierwise.configured_inputs() %}
    {% if not (inputs.get('orders') or inputs.get('order_lines')) %}
        {{ exceptions.raise_compiler_error(
            "There are no orders. Name them under inputs: orders, or inputs: order_lines where an order is a group of "
            ~ "lines, or in TIERWISE_ORDERS. Tables given: " ~ (inputs | list | join(', ')) ~ "."
        ) }}
    {% endif %}
    {% set read_by_line = [] %}
    {% for table, entry in inputs.items() %}
        {% for key in ['timestamp_format', 'date_format'] if entry.get(key) %}
            {% set parsed = tierwise.try_parse_timestamp("''", entry[key]) %}
            {% set problem = tierwise.expression_problem(parsed, '(select 1)') %}
            {% if problem %}
                {{ exceptions.raise_compiler_error("Input '" ~ table ~ "', " ~ key ~ ' ' ~ entry[key] ~ ': ' ~ problem) }}
            {% endif %}
        {% endfor %}
        {% if entry.path %}
            {% for file in tierwise.inspected_files(table, entry, true).files if file.line_by_line %}
                {% do read_by_line.append('(' ~ file.key ~ ', ' ~ tierwise.text_literal(file.rows_dialect) ~ ')') %}
            {% endfor %}
        {% endif %}
        {# A model of this run may not exist yet; its columns are checked when staging compiles. #}
        {% if not entry.model %}
            {% do tierwise.input_source(table) %}
        {% endif %}
    {% endfor %}
    {# What was read line by line goes with its file. #}
    {% if load_relation(tierwise.rows_table()) is not none %}
        {% do run_query(
            'delete from ' ~ tierwise.rows_table() ~ ' where (file_key, dialect) not in ('
            ~ (read_by_line or ["(0, '')"]) | join(', ') ~ ')'
        ) %}
    {% endif %}
    {% do return('') %}
{% endmacro %}
