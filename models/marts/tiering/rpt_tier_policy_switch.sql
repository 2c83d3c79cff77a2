with

int_tier_pairs_counted as (

    select * from {{ ref('int_tier_pairs_counted') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

{# Every tier with every tier, so that the table has no holes. #}
cells as (

    select
        util_as_of_dates.as_of_date,
        int_tiers_configured.policy_name,
        int_tiers_configured.tier_code,
        int_tiers_configured.tier_rank,
        active_tiers.policy_name as active_policy_name,
        active_tiers.tier_code as active_tier_code,
        active_tiers.tier_rank as active_tier_rank
    from util_as_of_dates
    cross join int_tiers_configured
    inner join int_tiers_configured as active_tiers
        on
            active_tiers.is_active_policy
            and not int_tiers_configured.is_active_policy

),

counted as (

    select
        cells.as_of_date,
        cells.policy_name,
        cells.active_policy_name,
        cells.active_tier_code,
        cells.active_tier_rank,
        cells.tier_code,
        cells.tier_rank,
        coalesce(int_tier_pairs_counted.customer_count, 0) as customer_count,
        coalesce(int_tier_pairs_counted.value_amount, 0) as value_amount
    from cells
    left join int_tier_pairs_counted
        on
            cells.as_of_date = int_tier_pairs_counted.as_of_date
            and cells.active_policy_name = int_tier_pairs_counted.policy_name
            and cells.policy_name = int_tier_pairs_counted.other_policy_name
            and cells.active_tier_rank = int_tier_pairs_counted.tier_rank
            and cells.tier_rank = int_tier_pairs_counted.other_tier_rank

),

final as (

    select
        as_of_date,
        policy_name,
        active_policy_name,
        active_tier_code,
        cast(active_tier_rank as integer) as active_tier_rank,
        tier_code,
        cast(tier_rank as integer) as tier_rank,
        cast(customer_count as bigint) as customer_count,
        {{ tierwise.share('customer_count', 'sum(customer_count) over (
            partition by as_of_date, policy_name, active_tier_code
        )') }} as active_tier_share,
        cast(value_amount as decimal(18, 2)) as value_amount
    from counted

)

select * from final
