{# By which models are compared: error of the total and mean absolute error of the customers, in orders per customer. #}
{% macro holdout_error(expected_orders, actual_orders, absolute_error, customer_count) %}
    {% do return(tierwise.share(
        'abs(' ~ expected_orders ~ ' - ' ~ actual_orders ~ ') + ' ~ absolute_error, customer_count
    )) %}
{% endmacro %}
