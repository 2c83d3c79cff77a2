{# Repeat purchase days a day so far, null on the day of the first purchase. #}
{% macro repeat_rate() %}
    {% do return('cast(repeat_day_count as double) / nullif(customer_age_days, 0)') %}
{% endmacro %}
