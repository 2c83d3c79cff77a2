{% set last_step = 12 %}

with

int_tier_transitions_pooled as (

    select * from {{ ref('int_tier_transitions_pooled') }}

),

int_tier_sizes_totalled as (

    select * from {{ ref('int_tier_sizes_totalled') }}

),

policies as (

    select
        start_period_end_date,
        policy_name
    from int_tier_transitions_pooled
    group by 1, 2

),

{# Whoever joins is sent by one source that never runs dry, -1, and whoever left stays in 0. #}
weights as (

    select
        start_period_end_date,
        policy_name,
        case when from_tier_rank = 0 then -1 else from_tier_rank end as from_tier_rank,
        to_tier_rank,
        transition_weight
    from int_tier_transitions_pooled
    {% for state in [-1, 0] %}
    union all
    select
        start_period_end_date,
        policy_name,
        {{ state }} as from_tier_rank,
        {{ state }} as to_tier_rank,
        1 as transition_weight
    from policies
    {% endfor %}

),

step_0 as (

    select
        policies.start_period_end_date,
        policies.policy_name,
        int_tier_sizes_totalled.tier_rank,
        cast(int_tier_sizes_totalled.tier_member_count as decimal(28, 8)) as expected_members
    from policies
    inner join int_tier_sizes_totalled
        on
            policies.start_period_end_date = int_tier_sizes_totalled.period_end_date
            and policies.policy_name = int_tier_sizes_totalled.policy_name
    {% for state, members in [(-1, 1), (0, 0)] %}
    union all
    select
        start_period_end_date,
        policy_name,
        {{ state }} as tier_rank,
        cast({{ members }} as decimal(28, 8)) as expected_members
    from policies
    {% endfor %}

),

{# Decimals are added, whose sum does not depend on their order. #}
{% for step in range(1, last_step + 1) %}
step_{{ step }} as (

    select
        weights.start_period_end_date,
        weights.policy_name,
        weights.to_tier_rank as tier_rank,
        cast(
            sum(
                cast(
                    cast(earlier.expected_members as double) * weights.transition_weight
                    as decimal(28, 8)
                )
            ) as decimal(28, 8)
        ) as expected_members
    from step_{{ step - 1 }} as earlier
    inner join weights
        on
            earlier.start_period_end_date = weights.start_period_end_date
            and earlier.policy_name = weights.policy_name
            and earlier.tier_rank = weights.from_tier_rank
    group by 1, 2, 3

),

{% endfor %}
steps as (

    {% for step in range(1, last_step + 1) %}
    select
        start_period_end_date,
        policy_name,
        {{ step }} as step_number,
        tier_rank,
        expected_members
    from step_{{ step }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        start_period_end_date,
        policy_name,
        step_number,
        tier_rank,
        cast(expected_members as double) as expected_members
    from steps
    where tier_rank >= 0

)

select * from final
