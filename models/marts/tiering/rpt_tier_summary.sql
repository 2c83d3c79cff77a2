with

int_tier_members_totalled as (

    select * from {{ ref('int_tier_members_totalled') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

{# Two lines that are no tier make the table add up: everybody without one, and revenue
   nobody's name is on. #}
tiers as (

    select
        policy_name,
        is_active_policy,
        tier_code,
        tier_rank,
        tier_label_en,
        tier_label_zh
    from int_tiers_configured
    union all
    select
        policy_name,
        is_active_policy,
        'untiered' as tier_code,
        max(tier_rank) + 1 as tier_rank,
        'Untiered' as tier_label_en,
        '未分层' as tier_label_zh
    from int_tiers_configured
    group by 1, 2
    union all
    select
        policy_name,
        is_active_policy,
        'guest' as tier_code,
        max(tier_rank) + 2 as tier_rank,
        'Guests' as tier_label_en,
        '游客' as tier_label_zh
    from int_tiers_configured
    group by 1, 2

),

combined as (

    select
        util_as_of_dates.as_of_date,
        tiers.policy_name,
        tiers.is_active_policy,
        tiers.tier_code,
        tiers.tier_rank,
        tiers.tier_label_en,
        tiers.tier_label_zh,
        coalesce(int_tier_members_totalled.customer_count, 0) as customer_count,
        coalesce(int_tier_members_totalled.order_count, 0) as order_count,
        coalesce(int_tier_members_totalled.net_revenue_amount, 0) as net_revenue_amount
    from tiers
    cross join util_as_of_dates
    left join int_tier_members_totalled
        on
            util_as_of_dates.as_of_date = int_tier_members_totalled.as_of_date
            and tiers.policy_name = int_tier_members_totalled.policy_name
            and tiers.tier_code = int_tier_members_totalled.tier_code

),

totals as (

    select
        as_of_date,
        policy_name,
        sum(customer_count) as customer_count,
        sum(net_revenue_amount) as net_revenue_amount
    from combined
    group by 1, 2

),

final as (

    select
        combined.as_of_date,
        combined.policy_name,
        combined.is_active_policy,
        combined.tier_code,
        cast(combined.tier_rank as integer) as tier_rank,
        combined.tier_label_en,
        combined.tier_label_zh,
        cast(combined.customer_count as bigint) as customer_count,
        {{ tierwise.share('combined.customer_count', 'totals.customer_count') }} as customer_share,
        cast(combined.order_count as bigint) as order_count,
        cast(combined.net_revenue_amount as decimal(18, 2)) as net_revenue_amount,
        {{ tierwise.share(
            'combined.net_revenue_amount', 'totals.net_revenue_amount'
        ) }} as revenue_share,
        {{ tierwise.amount_per(
            'combined.net_revenue_amount', 'combined.customer_count'
        ) }} as revenue_per_customer_amount
    from combined
    inner join totals
        on
            combined.as_of_date = totals.as_of_date
            and combined.policy_name = totals.policy_name

)

select * from final
