{{ config(materialized='view') }}
{% set inputs = ['recency_days', 'rfm_order_count', 'rfm_monetary_amount'] %}
{% set history = 'fct_customer_tier_periods.' %}
{% set points = ['r_points', 'f_points', 'm_points'] %}

with

util_periods as (

    select * from {{ ref('util_periods') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

int_tier_cut_offs_computed as (

    select * from {{ ref('int_tier_cut_offs_computed') }}

),

cut_points as (

    select * from {{ ref('int_period_cut_points_computed') }}

),

pointed as (

    select
        fct_customer_tier_periods.*,
        util_periods.period_number,
        util_periods.previous_period_end_date,
        util_periods.is_latest_period,
        tiers.cut_off_value as tier_cut_off_value,
        candidate_tiers.tier_rank as candidate_tier_rank,
        cast(
            {{ tierwise.tier_points('recency', history ~ 'recency_days') }} as integer
        ) as r_points,
        cast(
            {{ tierwise.tier_points('frequency', history ~ 'rfm_order_count') }} as integer
        ) as f_points,
        cast(
            {{ tierwise.tier_points('monetary', history ~ 'rfm_monetary_amount') }} as integer
        ) as m_points
    from fct_customer_tier_periods
    inner join util_periods
        on fct_customer_tier_periods.period_end_date = util_periods.period_end_date
    inner join int_tier_cut_offs_computed as tiers
        on
            fct_customer_tier_periods.period_end_date = tiers.period_end_date
            and fct_customer_tier_periods.policy_name = tiers.policy_name
            and fct_customer_tier_periods.tier_rank = tiers.tier_rank
    inner join int_tier_cut_offs_computed as candidate_tiers
        on
            fct_customer_tier_periods.period_end_date = candidate_tiers.period_end_date
            and fct_customer_tier_periods.policy_name = candidate_tiers.policy_name
            and fct_customer_tier_periods.candidate_tier_code = candidate_tiers.tier_code
    inner join cut_points
        on fct_customer_tier_periods.period_end_date = cut_points.period_end_date
    where
        fct_customer_tier_periods.policy_name = '{{ tierwise.setting('active_tier_policy') }}'

),

final as (

    select
        pointed.period_end_date,
        pointed.previous_period_end_date,
        pointed.period_number,
        pointed.is_latest_period,
        pointed.customer_id,
        pointed.policy_name,
        pointed.tier_code,
        pointed.tier_rank,
        pointed.tier_cut_off_value,
        pointed.candidate_tier_rank,
        pointed.reason_code,
        pointed.metric_value,
        pointed.cut_off_value,
        pointed.next_cut_off_value,
        {% for column in inputs + ['r_score', 'f_score', 'm_score'] + points %}
        pointed.{{ column }},
        {% endfor %}
        pointed.value_amount,
        earlier.tier_code as previous_tier_code,
        earlier.tier_rank as previous_tier_rank,
        left_tiers.cut_off_value as left_cut_off_value,
        earlier.metric_value as previous_metric_value,
        {% for column in inputs + points %}
        earlier.{{ column }} as previous_{{ column }},
        {% endfor %}
        earlier.value_amount as previous_value_amount
    from pointed
    left join pointed as earlier
        on
            pointed.previous_period_end_date = earlier.period_end_date
            and pointed.customer_id = earlier.customer_id
    left join int_tier_cut_offs_computed as left_tiers
        on
            pointed.period_end_date = left_tiers.period_end_date
            and pointed.policy_name = left_tiers.policy_name
            and earlier.tier_rank = left_tiers.tier_rank

)

select * from final
