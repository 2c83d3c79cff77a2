{#
    By the policy a higher metric never has a lower tier, and equal metrics share one. A tier given by row number, or by the wrong end
    of the order, would break this without changing the size of a single tier.
#}
with

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

by_value as (

    select
        fct_customer_tier_periods.period_end_date,
        fct_customer_tier_periods.policy_name,
        fct_customer_tier_periods.metric_value,
        min(int_tiers_configured.tier_rank) as best_rank,
        max(int_tiers_configured.tier_rank) as worst_rank
    from fct_customer_tier_periods
    inner join int_tiers_configured
        on
            fct_customer_tier_periods.policy_name = int_tiers_configured.policy_name
            and fct_customer_tier_periods.candidate_tier_code = int_tiers_configured.tier_code
    group by 1, 2, 3

),

compared as (

    select
        *,
        lag(worst_rank) over (
            partition by period_end_date, policy_name
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
