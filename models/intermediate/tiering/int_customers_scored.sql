{{ config(materialized='view') }}

with

int_customers_purchases_summarised as (

    select * from {{ ref('int_customers_purchases_summarised') }}

),

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

fct_customer_abc_classes as (

    select * from {{ ref('fct_customer_abc_classes') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

final as (

    select
        int_customers_purchases_summarised.as_of_date,
        int_customers_purchases_summarised.customer_id,
        int_customers_purchases_summarised.first_order_date,
        int_customers_purchases_summarised.last_order_date,
        int_customers_purchases_summarised.recency_days,
        int_customers_purchases_summarised.lifetime_order_count,
        int_customers_purchases_summarised.lifetime_net_revenue_amount,
        fct_customer_rfm_scores.rfm_order_count,
        fct_customer_rfm_scores.rfm_monetary_amount,
        fct_customer_rfm_scores.r_score,
        fct_customer_rfm_scores.f_score,
        fct_customer_rfm_scores.m_score,
        fct_customer_rfm_scores.rfm_cell,
        fct_customer_rfm_scores.rfm_total_score,
        fct_customer_rfm_scores.segment_code,
        fct_customer_rfm_scores.value_segment_code,
        fct_customer_abc_classes.abc_class,
        fct_customer_abc_classes.abc_rank,
        fct_customer_clv.clv_method,
        fct_customer_clv.clv_reason,
        fct_customer_clv.probability_alive,
        fct_customer_clv.probability_of_order,
        fct_customer_clv.expected_orders,
        fct_customer_clv.expected_order_amount,
        fct_customer_clv.clv_amount,
        fct_customer_clv.clv_lower_amount,
        fct_customer_clv.clv_upper_amount,
        fct_customer_clv.clv_profit_amount
    from int_customers_purchases_summarised
    left join fct_customer_rfm_scores
        on
            int_customers_purchases_summarised.as_of_date = fct_customer_rfm_scores.as_of_date
            and int_customers_purchases_summarised.customer_id = fct_customer_rfm_scores.customer_id
    left join fct_customer_abc_classes
        on
            int_customers_purchases_summarised.as_of_date = fct_customer_abc_classes.as_of_date
            and int_customers_purchases_summarised.customer_id
            = fct_customer_abc_classes.customer_id
    left join fct_customer_clv
        on
            int_customers_purchases_summarised.as_of_date = fct_customer_clv.as_of_date
            and int_customers_purchases_summarised.customer_id = fct_customer_clv.customer_id

)

select * from final
