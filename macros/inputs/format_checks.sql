{#
    The checks of the columns of a table, in order: (column, SQL of its reason code). An order without a customer id is
    a guest's, so only the table customers misses one.
#}
{% macro format_checks(input, table, columns) %}
    {% set contract = tierwise.input_contract()[table] %}
    {% set checks = [] %}
    {% for column, type in contract.columns.items() if columns is none or column in columns %}
        {% set is_required = column in contract.required and (column != 'customer_id' or table == 'customers') %}
        {% set check = tierwise.format_code(input, column, type, is_required) %}
        {% if check %}
            {% do checks.append((column, check)) %}
        {% endif %}
    {% endfor %}
    {% do return(checks) %}
{% endmacro %}
