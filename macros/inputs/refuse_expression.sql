{# Stops the run where an expression of a mapping cannot be worked out over the columns of its input. #}
{% macro refuse_expression(table, column, expression, mapped, relation) %}
    {% set problem = tierwise.expression_problem(mapped.sql, relation) if mapped.is_expression else '' %}
    {% if problem %}
        {{ exceptions.raise_compiler_error(
            "Input '" ~ table ~ "', column '" ~ column ~ "': '" ~ expression ~ "' cannot be worked out: " ~ problem
        ) }}
    {% endif %}
{% endmacro %}
