{#
    Whoever is in a tier at the start is in one, or gone, at every step, and as many join per step as joined on average:
    a way to go that is missing would let customers vanish slowly.
#}
with

rpt_tier_outlook as (

    select * from {{ ref('rpt_tier_outlook') }}

),

int_tier_transitions_pooled as (

    select * from {{ ref('int_tier_transitions_pooled') }}

),

summed as (

    select
        start_period_end_date,
        policy_name,
        step_number,
        sum(member_count_start) as member_count_start,
        sum(expected_members) as expected_members
    from rpt_tier_outlook
    group by 1, 2, 3

),

joining as (

    select
        start_period_end_date,
        policy_name,
        sum(transition_weight) as joined_per_period
    from int_tier_transitions_pooled
    where from_tier_rank = 0
    group by 1, 2

),

final as (

    select
        summed.*,
        joining.joined_per_period
    from summed
    left join joining
        on
            summed.start_period_end_date = joining.start_period_end_date
            and summed.policy_name = joining.policy_name
    where coalesce(
        abs(
            summed.expected_members - summed.member_count_start
            - summed.step_number * joining.joined_per_period
        ) > 0.0001, true
    )

)

select * from final
