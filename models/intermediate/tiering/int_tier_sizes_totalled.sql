with

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

counted as (

    select
        period_end_date,
        policy_name,
        tier_rank,
        count(*) as member_count,
        sum(value_amount) as value_amount
    from fct_customer_tier_periods
    where tier_rank is not null
    group by 1, 2, 3

),

periods as (

    select
        period_end_date,
        policy_name
    from counted
    group by 1, 2

),

final as (

    select
        periods.period_end_date,
        util_periods.period_number,
        util_periods.is_complete_period,
        periods.policy_name,
        int_tiers_configured.tier_code,
        int_tiers_configured.tier_rank,
        cast(coalesce(counted.member_count, 0) as bigint) as tier_member_count,
        cast(coalesce(counted.value_amount, 0) as decimal(18, 2)) as tier_value_amount
    from periods
    inner join util_periods
        on periods.period_end_date = util_periods.period_end_date
    inner join int_tiers_configured
        on periods.policy_name = int_tiers_configured.policy_name
    left join counted
        on
            periods.period_end_date = counted.period_end_date
            and periods.policy_name = counted.policy_name
            and int_tiers_configured.tier_rank = counted.tier_rank

)

select * from final
