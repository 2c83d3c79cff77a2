with

int_order_lines_checked as (

    select * from {{ ref('int_order_lines_checked') }}

),

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

int_orders_signed as (

    select * from {{ ref('int_orders_signed') }}

),

{# The day from which an order counts as never having been. Refunds name no product, so partial
   ones stay out. #}
cancelled_orders as (

    select
        order_id,
        known_from_date as undone_from_date
    from int_orders_signed
    where
        is_correction
        and purchase_count < 0

),

valued_lines as (

    select
        int_order_lines_checked.product_id,
        int_orders_accepted.order_date,
        cancelled_orders.undone_from_date,
        {{ tierwise.base_amount(
            'int_order_lines_checked.line_amount'
            ~ ' - coalesce(int_order_lines_checked.discount_amount, 0)',
            'int_orders_accepted.fx_rate'
        ) }} as net_amount
    from int_order_lines_checked
    inner join int_orders_accepted
        on int_order_lines_checked.order_id = int_orders_accepted.order_id
    left join cancelled_orders
        on int_order_lines_checked.order_id = cancelled_orders.order_id
    where
        int_order_lines_checked.verdict = 'accepted'
        and int_orders_accepted.is_purchase

),

final as (

    select
        product_id,
        order_date,
        undone_from_date,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        count(*) as line_count
    from valued_lines
    group by 1, 2, 3

)

select * from final
