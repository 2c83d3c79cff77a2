{#
    A customer lost or doubled in a join leaves the summary wrong while its shares still add up to 1, so each tier is
    counted again among the customers themselves.
#}
with

rpt_tier_summary as (

    select * from {{ ref('rpt_tier_summary') }}

),

dim_customer_tiers as (

    select * from {{ ref('dim_customer_tiers') }}

),

counted as (

    select
        as_of_date,
        policy_name,
        coalesce(tier_code, 'untiered') as tier_code,
        count(*) as customer_count
    from dim_customer_tiers
    where as_of_date is not null
    group by 1, 2, 3

),

latest_date as (

    select max(as_of_date) as as_of_date
    from rpt_tier_summary

),

summarised as (

    select
        rpt_tier_summary.as_of_date,
        rpt_tier_summary.policy_name,
        rpt_tier_summary.tier_code,
        rpt_tier_summary.customer_count
    from rpt_tier_summary
    inner join latest_date
        on rpt_tier_summary.as_of_date = latest_date.as_of_date
    where
        rpt_tier_summary.policy_name = '{{ tierwise.setting('active_tier_policy') }}'
        and rpt_tier_summary.customer_count > 0

),

final as (

    select
        counted.customer_count as counted,
        summarised.customer_count as summarised,
        coalesce(counted.tier_code, summarised.tier_code) as tier_code
    from counted
    full outer join summarised
        on
            counted.as_of_date = summarised.as_of_date
            and counted.policy_name = summarised.policy_name
            and counted.tier_code = summarised.tier_code
    where counted.customer_count is distinct from summarised.customer_count

)

select * from final
