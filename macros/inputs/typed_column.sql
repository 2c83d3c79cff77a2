{# A contract column by the type the contract gives it. #}
{% macro typed_column(input, column, type) %}
    {% if type == 'money' %}
        {% do return(tierwise.money_column(input, column)) %}
    {% elif type == 'quantity' %}
        {% do return(tierwise.number_column(input, column, 3)) %}
    {% elif type == 'timestamp' %}
        {% do return(tierwise.timestamp_column(input, column)) %}
    {% elif type == 'date' %}
        {% do return(tierwise.date_column(input, column)) %}
    {% elif type == 'boolean' %}
        {% do return(tierwise.boolean_column(input, column)) %}
    {% elif column == 'customer_id' %}
        {% do return(tierwise.customer_id_column(input, column)) %}
    {% endif %}
    {% do return(tierwise.text_column(input, column)) %}
{% endmacro %}
