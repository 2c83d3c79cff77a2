with

int_tier_members_compared as (

    select * from {{ ref('int_tier_members_compared') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

policies as (

    select
        period_end_date,
        policy_name,
        policy_version
    from fct_tier_cut_offs
    where tier_rank = 1

),

{# Of tiers by other rules a difference would be no movement. #}
comparable as (

    select
        int_tier_members_compared.*,
        policies.policy_version
    from int_tier_members_compared
    inner join policies
        on
            int_tier_members_compared.period_end_date = policies.period_end_date
            and int_tier_members_compared.policy_name = policies.policy_name
    inner join policies as earlier_policies
        on
            int_tier_members_compared.previous_period_end_date = earlier_policies.period_end_date
            and policies.policy_name = earlier_policies.policy_name
            and policies.policy_version = earlier_policies.policy_version
    where int_tier_members_compared.movement_type <> 'stayed'

),

final as (

    select
        comparable.period_end_date,
        comparable.policy_name,
        comparable.customer_id,
        comparable.previous_period_end_date,
        comparable.policy_version,
        comparable.movement_type,
        previous_tiers.tier_code as previous_tier_code,
        cast(comparable.previous_tier_rank as integer) as previous_tier_rank,
        tiers.tier_code,
        cast(comparable.tier_rank as integer) as tier_rank,
        comparable.reason_code,
        comparable.value_amount
    from comparable
    left join fct_tier_cut_offs as previous_tiers
        on
            comparable.previous_period_end_date = previous_tiers.period_end_date
            and comparable.policy_name = previous_tiers.policy_name
            and comparable.previous_tier_rank = previous_tiers.tier_rank
    left join fct_tier_cut_offs as tiers
        on
            comparable.period_end_date = tiers.period_end_date
            and comparable.policy_name = tiers.policy_name
            and comparable.tier_rank = tiers.tier_rank

)

select * from final
