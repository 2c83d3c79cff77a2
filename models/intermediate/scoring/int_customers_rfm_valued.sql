{{ config(materialized='view') }}

with

int_customers_purchases_summarised as (

    select * from {{ ref('int_customers_purchases_summarised') }}

),

final as (

    select
        as_of_date,
        customer_id,
        recency_days,
        rfm_order_count,
        {% if tierwise.setting('rfm_monetary') == 'mean' %}
        coalesce(
            {{ tierwise.amount_per('rfm_net_revenue_amount', 'rfm_order_count') }}, 0
        ) as rfm_monetary_amount
        {% else %}
        rfm_net_revenue_amount as rfm_monetary_amount
        {% endif %}
    from int_customers_purchases_summarised
    where is_opted_out_of_profiling is not true

)

select * from final
