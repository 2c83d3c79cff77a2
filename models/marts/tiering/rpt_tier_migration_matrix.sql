with

int_tier_transitions_totalled as (

    select * from {{ ref('int_tier_transitions_totalled') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

policies as (

    select
        period_end_date,
        policy_name,
        policy_version,
        max(tier_rank) as tier_count
    from fct_tier_cut_offs
    group by 1, 2, 3

),

{# Of tiers by other rules a difference would be no movement. #}
comparable as (

    select
        int_tier_transitions_totalled.*,
        policies.policy_version,
        policies.tier_count,
        sum(int_tier_transitions_totalled.customer_count) over (
            partition by
                int_tier_transitions_totalled.period_end_date,
                int_tier_transitions_totalled.policy_name,
                int_tier_transitions_totalled.from_tier_rank
        ) as from_count
    from int_tier_transitions_totalled
    inner join policies
        on
            int_tier_transitions_totalled.period_end_date = policies.period_end_date
            and int_tier_transitions_totalled.policy_name = policies.policy_name
    inner join policies as earlier_policies
        on
            int_tier_transitions_totalled.previous_period_end_date
            = earlier_policies.period_end_date
            and policies.policy_name = earlier_policies.policy_name
            and policies.policy_version = earlier_policies.policy_version

),

final as (

    select
        period_end_date,
        previous_period_end_date,
        is_complete_period,
        policy_name,
        policy_version,
        policy_name = '{{ tierwise.setting('active_tier_policy') }}' as is_active_policy,
        from_tier_code,
        cast(
            case when from_tier_rank = 0 then tier_count + 1 else from_tier_rank end as integer
        ) as from_tier_rank,
        to_tier_code,
        cast(
            case when to_tier_rank = 0 then tier_count + 1 else to_tier_rank end as integer
        ) as to_tier_rank,
        customer_count,
        case
            when from_tier_rank > 0 and from_count > 0
                then {{ tierwise.share('customer_count', 'from_count') }}
        end as transition_probability
    from comparable

)

select * from final
