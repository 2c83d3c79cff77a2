with

int_tier_pairs_counted as (

    select * from {{ ref('int_tier_pairs_counted') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

{# From best to worst a tier takes up the places from those in better tiers on. Two tiers that
   share no place: whoever is in them moves, however the members of each might be ordered. #}
moving as (

    select
        as_of_date,
        policy_name as active_policy_name,
        other_policy_name as policy_name,
        tier_rank as active_tier_rank,
        other_tier_rank as tier_rank,
        case when other_tier_better_count < tier_better_count then 'better' else 'worse' end
            as direction,
        (2 * tier_better_count + tier_customer_count)
        / cast(2 * pair_customer_count as double) as active_position_share,
        (2 * other_tier_better_count + other_tier_customer_count)
        / cast(2 * pair_customer_count as double) as position_share
    from int_tier_pairs_counted
    where
        policy_name = '{{ tierwise.setting('active_tier_policy') }}'
        and (
            tier_better_count + tier_customer_count <= other_tier_better_count
            or other_tier_better_count + other_tier_customer_count <= tier_better_count
        )

),

final as (

    select
        moving.as_of_date,
        moving.policy_name,
        active_rows.customer_id,
        active_rows.tier_code as active_tier_code,
        other_rows.tier_code,
        moving.direction,
        moving.active_position_share,
        moving.position_share,
        active_rows.value_amount
    from moving
    inner join fct_customer_tier_periods as active_rows
        on
            moving.as_of_date = active_rows.period_end_date
            and moving.active_policy_name = active_rows.policy_name
            and moving.active_tier_rank = active_rows.tier_rank
    inner join fct_customer_tier_periods as other_rows
        on
            moving.as_of_date = other_rows.period_end_date
            and moving.policy_name = other_rows.policy_name
            and moving.tier_rank = other_rows.tier_rank
            and active_rows.customer_id = other_rows.customer_id

)

select * from final
