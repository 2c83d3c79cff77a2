with

int_tier_members_followed as (

    select * from {{ ref('int_tier_members_followed') }}

),

int_customer_periods_decided as (

    select * from {{ ref('int_customer_periods_decided') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

summed as (

    select
        period_end_date,
        policy_name,
        sum(customer_count) as customer_count,
        sum(next_net_revenue_amount) as next_net_revenue_amount,
        sum(case when tier_rank = 1 then customer_count end) as best_customer_count,
        sum(case when tier_rank = 1 then next_net_revenue_amount end) as best_net_revenue_amount,
        sum(tier_place * customer_count) as sum_x,
        sum(next_revenue_places) as sum_y,
        sum(tier_place * tier_place * customer_count) as sum_xx,
        sum(next_revenue_squares) as sum_yy,
        sum(tier_place * next_revenue_places) as sum_xy
    from int_tier_members_followed
    group by 1, 2

),

moved as (

    select
        util_periods.previous_period_end_date as period_end_date,
        int_customer_periods_decided.policy_name,
        count(*) as customer_count,
        sum(
            case
                when
                    int_customer_periods_decided.tier_rank
                    <> int_customer_periods_decided.previous_tier_rank
                    then 1
                else 0
            end
        ) as moved_count
    from int_customer_periods_decided
    inner join util_periods
        on
            int_customer_periods_decided.period_end_date = util_periods.period_end_date
            and util_periods.is_complete_period
    where int_customer_periods_decided.previous_tier_rank is not null
    group by 1, 2

),

{# Nobody in the best tier: no lift. Everybody in one tier, or nobody spending: no correlation. #}
final as (

    select
        summed.period_end_date,
        summed.policy_name,
        cast(moved.moved_count as double) / moved.customer_count as changed_tier_share,
        {{ tierwise.correlation(
            'summed.customer_count', 'summed.sum_x', 'summed.sum_y', 'summed.sum_xx', 'summed.sum_yy',
            'summed.sum_xy'
        ) }} as next_revenue_correlation,
        cast(summed.best_net_revenue_amount as double)
        / nullif(cast(summed.best_customer_count as double), 0)
        / nullif(
            cast(summed.next_net_revenue_amount as double)
            / nullif(cast(summed.customer_count as double), 0), 0
        ) as best_tier_lift
    from summed
    left join moved
        on
            summed.period_end_date = moved.period_end_date
            and summed.policy_name = moved.policy_name

)

select * from final
