with

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_customer_periods_valued as (

    select * from {{ ref('int_customer_periods_valued') }}

),

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

{# Whoever is gone in the next period, all purchases taken back, spent nothing in it. #}
followed as (

    select
        int_customer_periods_valued.period_end_date,
        util_periods.period_end_date as next_period_end_date,
        int_customer_periods_valued.customer_id,
        coalesce(int_customer_periods_measured.period_net_revenue_amount, 0)
            as next_net_revenue_amount
    from int_customer_periods_valued
    inner join util_periods
        on
            int_customer_periods_valued.period_end_date = util_periods.previous_period_end_date
            and util_periods.is_complete_period
    left join int_customer_periods_measured
        on
            util_periods.period_end_date = int_customer_periods_measured.period_end_date
            and int_customer_periods_valued.customer_id = int_customer_periods_measured.customer_id

),

counted as (

    select
        period_end_date,
        next_net_revenue_amount,
        count(*) as customer_count
    from followed
    group by 1, 2

),

accumulated as (

    select
        period_end_date,
        next_net_revenue_amount,
        customer_count,
        sum(customer_count) over (
            partition by period_end_date
            order by next_net_revenue_amount
        ) as customers_through,
        sum(customer_count) over (partition by period_end_date) as customers_total
    from counted

),

{# Twice the distance of the mid-rank from the middle, a whole number: equal amounts share it. #}
final as (

    select
        followed.period_end_date,
        followed.next_period_end_date,
        followed.customer_id,
        cast(followed.next_net_revenue_amount as decimal(18, 2)) as next_net_revenue_amount,
        cast(
            2 * accumulated.customers_through
            - accumulated.customer_count
            - accumulated.customers_total
            as bigint
        ) as next_revenue_place
    from followed
    inner join accumulated
        on
            followed.period_end_date = accumulated.period_end_date
            and followed.next_net_revenue_amount = accumulated.next_net_revenue_amount

)

select * from final
