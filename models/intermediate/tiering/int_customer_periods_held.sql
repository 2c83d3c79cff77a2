{# Walks from period to period: what a policy holds depends on what it held before. #}
with recursive

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_customer_periods_tiered as (

    select * from {{ ref('int_customer_periods_tiered') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

{# Of the other policies everyone holds the tier the policy says. #}
patient_policies as (

    select
        policy_name,
        downgrade_grace_periods,
        minimum_stay_periods
    from int_tiers_configured
    where
        tier_rank = 1
        and (downgrade_grace_periods > 0 or minimum_stay_periods > 1)

),

candidates as (

    select
        util_periods.period_number,
        int_customer_periods_tiered.customer_id,
        int_customer_periods_tiered.policy_name,
        int_customer_periods_tiered.candidate_tier_rank,
        patient_policies.downgrade_grace_periods as grace_periods,
        patient_policies.minimum_stay_periods as minimum_periods,
        lag(util_periods.period_number) over (
            partition by
                int_customer_periods_tiered.policy_name, int_customer_periods_tiered.customer_id
            order by util_periods.period_number
        ) as last_period_number
    from int_customer_periods_tiered
    inner join util_periods
        on int_customer_periods_tiered.period_end_date = util_periods.period_end_date
    inner join patient_policies
        on int_customer_periods_tiered.policy_name = patient_policies.policy_name

),

held as (

    select
        period_number,
        customer_id,
        policy_name,
        candidate_tier_rank as tier_rank,
        1 as stay_periods,
        0 as below_periods
    from candidates
    where coalesce(last_period_number <> period_number - 1, true)
    union all
    select
        candidates.period_number,
        candidates.customer_id,
        candidates.policy_name,
        case
            when candidates.candidate_tier_rank <= held.tier_rank
                then candidates.candidate_tier_rank
            when
                held.below_periods >= candidates.grace_periods
                and held.stay_periods >= candidates.minimum_periods
                then candidates.candidate_tier_rank
            else held.tier_rank
        end as tier_rank,
        case
            when candidates.candidate_tier_rank = held.tier_rank then held.stay_periods + 1
            when candidates.candidate_tier_rank < held.tier_rank then 1
            when
                held.below_periods >= candidates.grace_periods
                and held.stay_periods >= candidates.minimum_periods
                then 1
            else held.stay_periods + 1
        end as stay_periods,
        case
            when candidates.candidate_tier_rank <= held.tier_rank then 0
            when
                held.below_periods >= candidates.grace_periods
                and held.stay_periods >= candidates.minimum_periods
                then 0
            else held.below_periods + 1
        end as below_periods
    from held
    inner join candidates
        on
            held.customer_id = candidates.customer_id
            and held.policy_name = candidates.policy_name
            and held.period_number + 1 = candidates.period_number

),

final as (

    select
        candidates.period_number,
        candidates.customer_id,
        candidates.policy_name,
        cast(held.tier_rank as integer) as tier_rank,
        cast(held.stay_periods as integer) as stay_periods,
        case
            when held.tier_rank >= candidates.candidate_tier_rank then 'none'
            when held.below_periods <= candidates.grace_periods then 'grace'
            else 'minimum_stay'
        end as hold_reason
    from held
    inner join candidates
        on
            held.period_number = candidates.period_number
            and held.customer_id = candidates.customer_id
            and held.policy_name = candidates.policy_name

)

select * from final
