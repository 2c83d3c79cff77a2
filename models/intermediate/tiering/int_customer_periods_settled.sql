{{ config(materialized='view') }}

with

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_customer_periods_tiered as (

    select * from {{ ref('int_customer_periods_tiered') }}

),

int_customer_periods_held as (

    select * from {{ ref('int_customer_periods_held') }}

),

int_tier_overrides_checked as (

    select * from {{ ref('int_tier_overrides_checked') }}

),

{# Joins compare columns and nothing else: on anything more DuckDB compares every pair of rows. #}
overrides as (

    select
        customer_id,
        policy_name,
        tier_rank,
        valid_from,
        coalesce({{ tierwise.days_before('valid_to', 1) }}, date '9999-12-31') as last_date
    from int_tier_overrides_checked
    where override_status in ('in_force', 'expired')

),

{# An override covers what the policy says and leaves it alone: at its end the policy goes on. #}
final as (

    select
        int_customer_periods_tiered.period_end_date,
        int_customer_periods_tiered.customer_id,
        int_customer_periods_tiered.policy_name,
        int_customer_periods_tiered.metric_value,
        int_customer_periods_tiered.candidate_tier_rank,
        int_customer_periods_tiered.cut_off_value,
        int_customer_periods_tiered.next_cut_off_value,
        int_customer_periods_tiered.recency_days,
        int_customer_periods_tiered.rfm_order_count,
        int_customer_periods_tiered.rfm_monetary_amount,
        int_customer_periods_tiered.r_score,
        int_customer_periods_tiered.f_score,
        int_customer_periods_tiered.m_score,
        int_customer_periods_tiered.value_amount,
        util_periods.period_number,
        util_periods.previous_period_end_date,
        overrides.tier_rank is not null as is_overridden,
        coalesce(int_customer_periods_held.hold_reason, 'none') as hold_reason,
        coalesce(
            overrides.tier_rank,
            int_customer_periods_held.tier_rank,
            int_customer_periods_tiered.candidate_tier_rank
        ) as tier_rank
    from int_customer_periods_tiered
    inner join util_periods
        on int_customer_periods_tiered.period_end_date = util_periods.period_end_date
    left join int_customer_periods_held
        on
            int_customer_periods_tiered.customer_id = int_customer_periods_held.customer_id
            and int_customer_periods_tiered.policy_name = int_customer_periods_held.policy_name
            and util_periods.period_number = int_customer_periods_held.period_number
    left join overrides
        on
            int_customer_periods_tiered.customer_id = overrides.customer_id
            and int_customer_periods_tiered.policy_name = overrides.policy_name
            and util_periods.period_end_date >= overrides.valid_from
            and util_periods.period_end_date <= overrides.last_date

)

select * from final
