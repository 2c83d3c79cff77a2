with

int_tier_members_compared as (

    select * from {{ ref('int_tier_members_compared') }}

),

{# Few cells: in a period most customers buy nothing. #}
cells as (

    select
        period_end_date,
        policy_name,
        previous_tier_rank,
        period_net_revenue_amount,
        count(*) as cell_count
    from int_tier_members_compared
    where previous_tier_rank is not null
    group by 1, 2, 3, 4

),

counted as (

    select
        *,
        sum(cell_count) over (partition by period_end_date, policy_name) as customer_count,
        sum(cell_count) over (
            partition by period_end_date, policy_name
            order by previous_tier_rank desc
        ) as last_tier_place,
        sum(cell_count) over (partition by period_end_date, policy_name, previous_tier_rank)
            as same_tier_count,
        sum(cell_count) over (
            partition by period_end_date, policy_name
            order by period_net_revenue_amount
        ) as last_revenue_place,
        sum(cell_count) over (
            partition by period_end_date, policy_name, period_net_revenue_amount
        ) as same_revenue_count
    from cells

),

{# The place of equal values is the mean of their places. Twice that, less twice the mean of all,
   are whole numbers that add up to 0. #}
centred as (

    select
        period_end_date,
        policy_name,
        previous_tier_rank,
        cast(period_net_revenue_amount as decimal(20, 2)) as period_net_revenue_amount,
        cast(cell_count as decimal(18, 0)) as cell_count,
        cast(2 * last_tier_place - same_tier_count - customer_count as decimal(18, 0))
            as tier_place,
        cast(2 * last_revenue_place - same_revenue_count - customer_count as decimal(18, 0))
            as revenue_place
    from counted

),

summed as (

    select
        period_end_date,
        policy_name,
        sum(cell_count) as customer_count,
        sum(cell_count * tier_place * tier_place) as tier_squares,
        sum(cell_count * revenue_place * revenue_place) as revenue_squares,
        sum(cell_count * tier_place * revenue_place) as products,
        sum(cell_count * period_net_revenue_amount) as revenue_amount,
        sum(case when previous_tier_rank = 1 then cell_count else 0 end) as top_count,
        sum(
            case
                when previous_tier_rank = 1 then cell_count * period_net_revenue_amount
                else 0
            end
        ) as top_revenue_amount
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
