{#
    The last period of the history is the as-of date, so inputs and scores are those of fct_customer_rfm_scores, which are
    worked out apart.
#}
with

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

final as (

    select
        fct_customer_tier_periods.policy_name,
        fct_customer_tier_periods.customer_id
    from fct_customer_tier_periods
    inner join fct_customer_rfm_scores
        on
            fct_customer_tier_periods.period_end_date = fct_customer_rfm_scores.as_of_date
            and fct_customer_tier_periods.customer_id = fct_customer_rfm_scores.customer_id
    where
        fct_customer_tier_periods.recency_days <> fct_customer_rfm_scores.recency_days
        or fct_customer_tier_periods.rfm_order_count <> fct_customer_rfm_scores.rfm_order_count
        or fct_customer_tier_periods.rfm_monetary_amount
        <> fct_customer_rfm_scores.rfm_monetary_amount
        or fct_customer_tier_periods.r_score <> fct_customer_rfm_scores.r_score
        or fct_customer_tier_periods.f_score <> fct_customer_rfm_scores.f_score
        or fct_customer_tier_periods.m_score <> fct_customer_rfm_scores.m_score

)

select * from final
