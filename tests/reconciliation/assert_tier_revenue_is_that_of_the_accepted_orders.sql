{#
    Between an order and the summary stand signed rows, customer days and three joins: any of them could drop or double
    money. So revenue and purchases are counted again from the orders and the refunds known by the date.
#}
with

rpt_tier_summary as (

    select * from {{ ref('rpt_tier_summary') }}

),

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

int_refunds_checked as (

    select * from {{ ref('int_refunds_checked') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

refunded as (

    select
        util_as_of_dates.as_of_date,
        int_refunds_checked.order_id,
        sum(int_refunds_checked.refund_amount) as refund_amount
    from int_refunds_checked
    inner join util_as_of_dates
        on int_refunds_checked.refund_date <= util_as_of_dates.as_of_date
    where int_refunds_checked.verdict = 'accepted'
    group by 1, 2

),

recounted as (

    select
        util_as_of_dates.as_of_date,
        sum(int_orders_accepted.net_amount - coalesce(refunded.refund_amount, 0)) as net_revenue,
        sum(
            case when refunded.refund_amount >= int_orders_accepted.net_amount then 0 else 1 end
        ) as order_count
    from int_orders_accepted
    inner join util_as_of_dates
        on int_orders_accepted.order_date <= util_as_of_dates.as_of_date
    left join refunded
        on
            int_orders_accepted.order_id = refunded.order_id
            and util_as_of_dates.as_of_date = refunded.as_of_date
    where int_orders_accepted.is_purchase
    group by 1

),

summarised as (

    select
        as_of_date,
        policy_name,
        sum(net_revenue_amount) as net_revenue,
        sum(order_count) as order_count
    from rpt_tier_summary
    group by 1, 2

),

final as (

    select
        summarised.as_of_date,
        summarised.policy_name,
        summarised.net_revenue,
        recounted.net_revenue as recounted_net_revenue,
        summarised.order_count,
        recounted.order_count as recounted_order_count
    from summarised
    left join recounted
        on summarised.as_of_date = recounted.as_of_date
    where
        summarised.net_revenue <> coalesce(recounted.net_revenue, 0)
        or summarised.order_count <> coalesce(recounted.order_count, 0)

)

select * from final
