with

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

int_customers_scored as (

    select * from {{ ref('int_customers_scored') }}

),

int_customers_tiered as (

    select * from {{ ref('int_customers_tiered') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

latest_date as (

    select max(as_of_date) as as_of_date
    from {{ ref('util_as_of_dates') }}

),

final as (

    select
        int_customers_unioned.customer_id,
        latest_date.as_of_date,
        case
            when int_customers_scored.customer_id is not null then 'customer'
            when int_customers_unioned.first_accepted_order_date <= latest_date.as_of_date
                then 'non_buyer'
            else 'prospect'
        end as customer_stage,
        '{{ tierwise.setting('active_tier_policy') }}' as policy_name,
        int_customers_tiered.policy_version,
        int_customers_tiered.tier_code,
        int_tiers_configured.tier_rank,
        int_tiers_configured.tier_label_en,
        int_tiers_configured.tier_label_zh,
        int_customers_tiered.metric_value as tier_metric_value,
        int_customers_tiered.candidate_tier_code,
        int_customers_tiered.reason_code as tier_reason_code,
        case
            when int_customers_unioned.is_opted_out_of_profiling then 'opted_out'
            when int_customers_scored.customer_id is null then 'no_purchase'
        end as untiered_reason,
        int_customers_scored.first_order_date,
        int_customers_scored.last_order_date,
        int_customers_scored.recency_days,
        coalesce(int_customers_scored.lifetime_order_count, 0) as lifetime_order_count,
        coalesce(int_customers_scored.lifetime_net_revenue_amount, 0)
            as lifetime_net_revenue_amount,
        int_customers_scored.rfm_order_count,
        int_customers_scored.rfm_monetary_amount,
        int_customers_scored.r_score,
        int_customers_scored.f_score,
        int_customers_scored.m_score,
        int_customers_scored.rfm_cell,
        int_customers_scored.rfm_total_score,
        int_customers_scored.segment_code,
        segments.segment_label_en,
        segments.segment_label_zh,
        int_customers_scored.value_segment_code,
        value_segments.segment_label_en as value_segment_label_en,
        value_segments.segment_label_zh as value_segment_label_zh,
        int_customers_scored.abc_class,
        int_customers_scored.abc_rank,
        int_customers_scored.clv_method,
        int_customers_scored.clv_reason,
        int_customers_scored.probability_alive,
        int_customers_scored.probability_of_order,
        int_customers_scored.expected_orders,
        int_customers_scored.expected_order_amount,
        int_customers_scored.clv_amount,
        int_customers_scored.clv_lower_amount,
        int_customers_scored.clv_upper_amount,
        int_customers_scored.clv_profit_amount,
        int_customers_unioned.region,
        int_customers_unioned.industry,
        int_customers_unioned.owner_id,
        int_customers_unioned.customer_attributes,
        int_customers_unioned.has_marketing_consent,
        int_customers_unioned.is_opted_out_of_profiling
    from int_customers_unioned
    cross join latest_date
    left join int_customers_scored
        on
            int_customers_unioned.customer_id = int_customers_scored.customer_id
            and latest_date.as_of_date = int_customers_scored.as_of_date
    left join int_customers_tiered
        on
            int_customers_unioned.customer_id = int_customers_tiered.customer_id
            and latest_date.as_of_date = int_customers_tiered.as_of_date
            and int_customers_tiered.policy_name = '{{ tierwise.setting('active_tier_policy') }}'
    left join int_tiers_configured
        on
            int_customers_tiered.policy_name = int_tiers_configured.policy_name
            and int_customers_tiered.tier_code = int_tiers_configured.tier_code
    left join rfm_segments as segments
        on
            segments.vocabulary = 'eleven'
            and int_customers_scored.segment_code = segments.segment_code
    left join rfm_segments as value_segments
        on
            value_segments.vocabulary = 'eight'
            and int_customers_scored.value_segment_code = value_segments.segment_code
    {# Whoever is known only from orders after the date is not there yet. #}
    where
        int_customers_unioned.is_in_customer_table
        or int_customers_unioned.first_accepted_order_date <= latest_date.as_of_date

)

select * from final
