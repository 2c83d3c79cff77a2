{#
    The metrics count orders and revenue from fct_orders, people read them per tier in rpt_tier_summary. Refunds and the
    as-of date are applied on two ways there, so a difference would give one question two answers.
#}
with

fct_orders as (

    select * from {{ ref('fct_orders') }}

),

rpt_tier_summary as (

    select * from {{ ref('rpt_tier_summary') }}

),

ordered as (

    select
        as_of_date,
        count(*) as order_count,
        sum(net_revenue_amount) as net_revenue_amount
    from fct_orders
    group by 1

),

summarised as (

    select
        as_of_date,
        policy_name,
        sum(order_count) as order_count,
        sum(net_revenue_amount) as net_revenue_amount
    from rpt_tier_summary
    group by 1, 2

),

final as (

    select
        summarised.as_of_date,
        summarised.policy_name,
        summarised.order_count,
        ordered.order_count as counted_order_count,
        summarised.net_revenue_amount,
        ordered.net_revenue_amount as counted_net_revenue_amount
    from summarised
    left join ordered
        on summarised.as_of_date = ordered.as_of_date
    where
        summarised.order_count <> coalesce(ordered.order_count, 0)
        or summarised.net_revenue_amount <> coalesce(ordered.net_revenue_amount, 0)

)

select * from final
