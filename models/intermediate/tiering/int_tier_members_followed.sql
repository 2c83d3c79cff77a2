with

int_customer_periods_decided as (

    select * from {{ ref('int_customer_periods_decided') }}

),

int_customer_periods_followed as (

    select * from {{ ref('int_customer_periods_followed') }}

),

followed as (

    select
        int_customer_periods_decided.period_end_date,
        int_customer_periods_decided.policy_name,
        int_customer_periods_decided.tier_rank,
        cast(sum(int_customer_periods_followed.next_net_revenue_amount) as decimal(18, 2))
            as next_net_revenue_amount,
        count(*) as customer_count,
        sum(int_customer_periods_followed.next_revenue_place) as next_revenue_places,
        sum(cast(
            int_customer_periods_followed.next_revenue_place
            * int_customer_periods_followed.next_revenue_place as decimal(18, 0)
        )) as next_revenue_squares
    from int_customer_periods_decided
    inner join int_customer_periods_followed
        on
            int_customer_periods_decided.period_end_date
            = int_customer_periods_followed.period_end_date
            and int_customer_periods_decided.customer_id = int_customer_periods_followed.customer_id
    group by 1, 2, 3

),

accumulated as (

    select
        *,
        sum(customer_count) over (
            partition by period_end_date, policy_name
            order by tier_rank
        ) as customers_through,
        sum(customer_count) over (partition by period_end_date, policy_name) as customers_total
    from followed

),

final as (

    select
        period_end_date,
        policy_name,
        tier_rank,
        customer_count,
        next_net_revenue_amount,
        cast(next_revenue_places as decimal(19, 0)) as next_revenue_places,
        cast(next_revenue_squares as decimal(38, 0)) as next_revenue_squares,
        cast(customers_total + customer_count - 2 * customers_through as decimal(18, 0))
            as tier_place
    from accumulated

)

select * from final
