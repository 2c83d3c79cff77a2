with

int_tier_members_compared as (

    select * from {{ ref('int_tier_members_compared') }}

),

{# The place of equal values is the mean of their places. Twice it, less what all have on average: whole numbers. #}
ranked as (

    select
        period_end_date,
        policy_name,
        previous_tier_rank,
        period_net_revenue_amount,
        2 * rank() over (
            partition by period_end_date, policy_name
            order by previous_tier_rank desc
        )
        + count(*) over (partition by period_end_date, policy_name, previous_tier_rank)
        - count(*) over (partition by period_end_date, policy_name) - 2 as tier_place,
        2 * rank() over (
            partition by period_end_date, policy_name
            order by period_net_revenue_amount asc
        )
        + count(*) over (partition by period_end_date, policy_name, period_net_revenue_amount)
        - count(*) over (partition by period_end_date, policy_name) - 2 as revenue_place
    from int_tier_members_compared
    where previous_tier_rank is not null

),

summed as (

    select
        period_end_date,
        policy_name,
        count(*) as customer_count,
        sum(cast(tier_place as decimal(38, 0)) * tier_place) as tier_squares,
        sum(cast(revenue_place as decimal(38, 0)) * revenue_place) as revenue_squares,
        sum(cast(tier_place as decimal(38, 0)) * revenue_place) as products,
        sum(period_net_revenue_amount) as revenue_amount,
        sum(case when previous_tier_rank = 1 then 1 else 0 end) as top_count,
        sum(case when previous_tier_rank = 1 then period_net_revenue_amount else 0 end)
            as top_revenue_amount
    from ranked
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
