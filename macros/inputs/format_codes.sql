{#
    Reason codes of the columns of one row that could not be read, joined by commas; empty where all could.
    An order without a customer id is a guest's, so only the table customers misses one.
#}
{% macro format_codes(input, table) %}
    {% set contract = tierwise.input_contract()[table] %}
    {% set checks = [] %}
    {% for column, type in contract.columns.items() %}
        {% set is_required = column in contract.required and (column != 'customer_id' or table == 'customers') %}
        {% set check = tierwise.format_code(input, column, type, is_required) %}
        {% if check %}
            {% do checks.append(check) %}
        {% endif %}
    {% endfor %}
    {% do return("concat_ws(',', " ~ checks | join(', ') ~ ')') %}
{% endmacro %}
