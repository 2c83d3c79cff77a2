{{ config(materialized='view') }}

with

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

{# Nobody who opted out of profiling is compared with anybody. #}
final as (

    select
        period_end_date,
        customer_id,
        recency_days,
        rfm_order_count,
        {% if tierwise.setting('rfm_monetary') == 'mean' %}
        coalesce(
            {{ tierwise.amount_per('rfm_net_revenue_amount', 'rfm_order_count') }}, 0
        ) as rfm_monetary_amount,
        {% else %}
        rfm_net_revenue_amount as rfm_monetary_amount,
        {% endif %}
        value_amount,
        abc_amount
    from int_customer_periods_measured
    where not is_opted_out_of_profiling

)

select * from final
