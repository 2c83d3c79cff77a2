with

int_tier_members_compared as (

    select * from {{ ref('int_tier_members_compared') }}

),

ranked as (

    select
        period_end_date,
        policy_name,
        previous_tier_rank,
        period_net_revenue_amount,
        count(*) over (partition by period_end_date, policy_name) as customer_count,
        rank() over (
            partition by period_end_date, policy_name
            order by previous_tier_rank desc
        ) as tier_place,
        count(*) over (partition by period_end_date, policy_name, previous_tier_rank)
            as same_tier_count,
        rank() over (
            partition by period_end_date, policy_name
            order by period_net_revenue_amount asc
        ) as revenue_place,
        count(*) over (partition by period_end_date, policy_name, period_net_revenue_amount)
            as same_revenue_count
    from int_tier_members_compared
    where previous_tier_rank is not null

),

{# The place of equal values is the mean of their places. Twice that, less twice the mean of all,
   are whole numbers that add up to 0. #}
centred as (

    select
        period_end_date,
        policy_name,
        previous_tier_rank,
        period_net_revenue_amount,
        cast(2 * tier_place + same_tier_count - customer_count - 2 as decimal(18, 0))
            as tier_place,
        cast(2 * revenue_place + same_revenue_count - customer_count - 2 as decimal(18, 0))
            as revenue_place
    from ranked

),

summed as (

    select
        period_end_date,
        policy_name,
        count(*) as customer_count,
        sum(tier_place * tier_place) as tier_squares,
        sum(revenue_place * revenue_place) as revenue_squares,
        sum(tier_place * revenue_place) as products,
        sum(period_net_revenue_amount) as revenue_amount,
        sum(case when previous_tier_rank = 1 then 1 else 0 end) as top_count,
        sum(case when previous_tier_rank = 1 then period_net_revenue_amount else 0 end)
            as top_revenue_amount
    from centred
    group by 1, 2

),

{# Spearman's coefficient is Pearson's of the places. #}
final as (

    select
        period_end_date,
        policy_name,
        {{ tierwise.correlation(
            'customer_count', '0', '0', 'tier_squares', 'revenue_squares', 'products'
        ) }} as accuracy_rank_correlation,
        cast(top_revenue_amount as double) * customer_count
        / nullif(cast(revenue_amount as double) * top_count, 0) as top_tier_lift
    from summed

)

select * from final
