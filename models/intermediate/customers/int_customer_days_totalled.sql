{{ config(materialized='view') }}

with

int_customer_days_purchased as (

    select * from {{ ref('int_customer_days_purchased') }}

),

int_orders_signed as (

    select * from {{ ref('int_orders_signed') }}

),

purchases as (

    select
        customer_id,
        order_date,
        order_date as known_from_date,
        false as is_correction,
        purchase_count,
        net_amount,
        profit_amount
    from int_customer_days_purchased

),

corrections as (

    select
        customer_id,
        order_date,
        known_from_date,
        true as is_correction,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(profit_amount) as decimal(18, 2)) as profit_amount
    from int_orders_signed
    where
        is_correction
        and not is_guest
    group by 1, 2, 3

),

final as (

    select * from purchases
    union all
    select * from corrections

)

select * from final
