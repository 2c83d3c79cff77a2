with

int_tier_members_compared as (

    select * from {{ ref('int_tier_members_compared') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

{# Whoever joined comes from 0, whoever left is in 0. #}
ranked as (

    select
        *,
        coalesce(previous_tier_rank, 0) as from_tier_rank,
        coalesce(tier_rank, 0) as to_tier_rank
    from int_tier_members_compared

),

counted as (

    select
        period_end_date,
        policy_name,
        from_tier_rank,
        to_tier_rank,
        count(*) as customer_count,
        sum(case when period_order_count > 0 then 1 else 0 end) as retained_count,
        sum(case when value_order_count >= 1 then 1 else 0 end) as buyer_count,
        sum(case when value_order_count >= 2 then 1 else 0 end) as repeat_buyer_count,
        sum(previous_value_amount) as previous_value_amount,
        sum(value_amount) as value_amount,
        sum(period_net_revenue_amount) as period_net_revenue_amount
    from ranked
    group by 1, 2, 3, 4

),

tiers as (

    select
        policy_name,
        tier_rank,
        tier_code as from_tier_code,
        tier_code as to_tier_code
    from int_tiers_configured
    union all
    select
        policy_name,
        0 as tier_rank,
        '_new' as from_tier_code,
        '_gone' as to_tier_code
    from int_tiers_configured
    where tier_rank = 1

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
        util_periods.previous_period_end_date,
        util_periods.period_number,
        util_periods.is_complete_period,
        periods.policy_name,
        from_tiers.from_tier_code,
        from_tiers.tier_rank as from_tier_rank,
        to_tiers.to_tier_code,
        to_tiers.tier_rank as to_tier_rank,
        cast(coalesce(counted.customer_count, 0) as bigint) as customer_count,
        {% for count in ['retained_count', 'buyer_count', 'repeat_buyer_count'] %}
        cast(coalesce(counted.{{ count }}, 0) as bigint) as {{ count }},
        {% endfor %}
        {% for amount in ['previous_value_amount', 'value_amount'] %}
        cast(coalesce(counted.{{ amount }}, 0) as decimal(18, 2)) as {{ amount }},
        {% endfor %}
        cast(coalesce(counted.period_net_revenue_amount, 0) as decimal(18, 2))
            as period_net_revenue_amount
    from periods
    inner join util_periods
        on periods.period_end_date = util_periods.period_end_date
    inner join tiers as from_tiers
        on periods.policy_name = from_tiers.policy_name
    inner join tiers as to_tiers
        on
            periods.policy_name = to_tiers.policy_name
            and from_tiers.tier_rank + to_tiers.tier_rank > 0
    left join counted
        on
            periods.period_end_date = counted.period_end_date
            and periods.policy_name = counted.policy_name
            and from_tiers.tier_rank = counted.from_tier_rank
            and to_tiers.tier_rank = counted.to_tier_rank

)

select * from final
