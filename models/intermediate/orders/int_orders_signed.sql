{{ config(materialized='view') }}

with

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

int_refunds_checked as (

    select * from {{ ref('int_refunds_checked') }}

),

{# What is left of the order after each refund, in the order they became known. #}
refunded as (

    select
        int_orders_accepted.order_id,
        int_orders_accepted.customer_id,
        int_orders_accepted.is_guest,
        int_orders_accepted.order_date,
        int_orders_accepted.cost_amount,
        int_refunds_checked.refund_id,
        int_refunds_checked.refund_amount,
        cast(
            int_orders_accepted.net_amount - sum(int_refunds_checked.refund_amount) over (
                partition by int_refunds_checked.order_id
                order by int_refunds_checked.refunded_at asc, int_refunds_checked.refund_id asc
                rows between unbounded preceding and current row
            ) as decimal(18, 2)
        ) as remaining_amount,
        greatest(
            int_refunds_checked.refund_date, int_orders_accepted.known_from_date
        ) as known_from_date
    from int_refunds_checked
    inner join int_orders_accepted
        on int_refunds_checked.order_id = int_orders_accepted.order_id
    where
        int_refunds_checked.verdict = 'accepted'
        and int_orders_accepted.is_purchase

),

profited as (

    select
        *,
        case
            when remaining_amount <= 0 then 0
            else {{ tierwise.profit('remaining_amount', 'cost_amount') }}
        end as remaining_profit_amount,
        case
            when remaining_amount + refund_amount <= 0 then 0
            else {{ tierwise.profit('remaining_amount + refund_amount', 'cost_amount') }}
        end as profit_before_amount
    from refunded

),

purchases as (

    select
        order_id,
        customer_id,
        is_guest,
        order_date,
        known_from_date,
        false as is_correction,
        1 as purchase_count,
        net_amount,
        profit_amount
    from int_orders_accepted
    where is_purchase

),

{# The refund that leaves nothing takes the purchase back: as if the order had never been. #}
corrections as (

    select
        order_id,
        customer_id,
        is_guest,
        order_date,
        known_from_date,
        true as is_correction,
        case when remaining_amount <= 0 then -1 else 0 end as purchase_count,
        -refund_amount as net_amount,
        remaining_profit_amount - profit_before_amount as profit_amount
    from profited

),

final as (

    select * from purchases
    union all
    select * from corrections

)

select * from final
