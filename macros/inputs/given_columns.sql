{# Columns of a row as they were given, by the names of the contract: of an expression that came to nothing, its parts. #}
{% macro given_columns(input, table) %}
    {% set columns = {} %}
    {% for column in tierwise.input_contract()[table].columns %}
        {% do columns.update({column:
            'coalesce(cast(' ~ column ~ ' as string), ' ~ column ~ '_operands)' if column in input.has_operands else column
        }) %}
    {% endfor %}
    {% do return(columns) %}
{% endmacro %}
