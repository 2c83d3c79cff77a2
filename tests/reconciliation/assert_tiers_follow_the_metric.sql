{#
    A higher metric never has a lower tier, and equal metrics share one. A tier given by row number, or by the wrong end
    of the order, would break this without changing the size of a single tier.
#}
with

int_customers_tiered as (

    select * from {{ ref('int_customers_tiered') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

by_value as (

    select
        int_customers_tiered.as_of_date,
        int_customers_tiered.policy_name,
        int_customers_tiered.metric_value,
        min(int_tiers_configured.tier_rank) as best_rank,
        max(int_tiers_configured.tier_rank) as worst_rank
    from int_customers_tiered
    inner join int_tiers_configured
        on
            int_customers_tiered.policy_name = int_tiers_configured.policy_name
            and int_customers_tiered.tier_code = int_tiers_configured.tier_code
    group by 1, 2, 3

),

compared as (

    select
        *,
        lag(worst_rank) over (
            partition by as_of_date, policy_name
            order by metric_value desc
        ) as rank_of_the_value_above
    from by_value

),

final as (

    select *
    from compared
    where
        best_rank <> worst_rank
        or best_rank < rank_of_the_value_above

)

select * from final
