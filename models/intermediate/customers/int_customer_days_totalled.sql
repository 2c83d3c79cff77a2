with

int_orders_signed as (

    select * from {{ ref('int_orders_signed') }}

),

final as (

    select
        customer_id,
        order_date,
        known_from_date,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(profit_amount) as decimal(18, 2)) as profit_amount
    from int_orders_signed
    where not is_guest
    group by 1, 2, 3

)

select * from final
