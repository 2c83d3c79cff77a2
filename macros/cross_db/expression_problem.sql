{# Why an expression over a relation cannot be worked out, in the database's words; empty where it can, or nobody knows. #}
{% macro expression_problem(expression, relation) %}
    {% do return(adapter.dispatch('expression_problem', 'tierwise')(expression, relation)) %}
{% endmacro %}

{% macro default__expression_problem(expression, relation) %}
    {% do return('') %}
{% endmacro %}

{# Planned as text, because an error in a query of its own would name neither the input nor the column. #}
{% macro duckdb__expression_problem(expression, relation) %}
    {% set query = 'select ' ~ expression ~ ' as value from ' ~ relation ~ ' as input_rows' %}
    {% set plan = run_query(
        "select answer ->> 'error_type' as error_type, answer ->> 'error_message' as error_message from ("
        ~ "select json_serialize_plan('" ~ query.replace("'", "''") ~ "') as answer)"
    ).rows[0] %}
    {% do return(plan[1].split('\n')[0] if plan[0] in ['parser', 'binder', 'catalog', 'invalid input'] else '') %}
{% endmacro %}
