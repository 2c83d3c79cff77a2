{% set orders_come_from_lines = 'orders' not in tierwise.configured_inputs() %}

with

stg_commerce__orders as (

    select * from {{ ref('stg_commerce__orders') }}

),

int_order_lines_checked as (

    select * from {{ ref('int_order_lines_checked') }}

),

line_totals as (

    select
        order_id,
        cast(sum(line_amount) as decimal(18, 2)) as lines_amount,
        cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
        case
            when count(cost_amount) = count(*) then cast(sum(cost_amount) as decimal(18, 2))
        end as cost_amount,
        count(*) as line_count,
        min(customer_id) as customer_id,
        count(distinct customer_id) as customer_count,
        count(customer_id) as identified_line_count,
        min(ordered_at) as ordered_at,
        min(currency_code) as currency_code,
        count(distinct currency_code) as currency_count,
        min(status) as status,
        count(distinct status) as status_count,
        max(updated_at) as updated_at,
        min(channel) as channel,
        min(store_id) as store_id,
        bool_or(is_test) as is_test
    from int_order_lines_checked
    where verdict = 'accepted'
    group by 1

),

orders_as_given as (

    select
        stg_commerce__orders.order_id,
        stg_commerce__orders.customer_id,
        stg_commerce__orders.ordered_at,
        coalesce(stg_commerce__orders.gross_amount, line_totals.lines_amount) as gross_amount,
        {# An amount taken from the lines is before their discounts. #}
        case
            when
                stg_commerce__orders.gross_amount is null
                and stg_commerce__orders.discount_amount is null
                then line_totals.discount_amount
            else stg_commerce__orders.discount_amount
        end as discount_amount,
        coalesce(stg_commerce__orders.cost_amount, line_totals.cost_amount) as cost_amount,
        line_totals.lines_amount,
        stg_commerce__orders.currency_code,
        stg_commerce__orders.status,
        stg_commerce__orders.updated_at,
        stg_commerce__orders.channel,
        stg_commerce__orders.store_id,
        stg_commerce__orders.is_test,
        stg_commerce__orders.source_file,
        {# An amount that is not given is no fault where the lines have it. #}
        case
            when
                stg_commerce__orders.format_codes = 'AMOUNT_MISSING'
                and line_totals.lines_amount is not null
                then ''
            else stg_commerce__orders.format_codes
        end as format_codes,
        stg_commerce__orders.source_record
    from stg_commerce__orders
    left join line_totals
        on stg_commerce__orders.order_id = line_totals.order_id

),

{# Lines that disagree about their order's customer, currency or status make no order that
   could be believed. #}
orders_from_lines as (

    select
        order_id,
        customer_id,
        ordered_at,
        lines_amount as gross_amount,
        discount_amount,
        cost_amount,
        lines_amount,
        currency_code,
        status,
        updated_at,
        channel,
        store_id,
        is_test,
        'order_lines' as source_file,
        concat_ws(
            ',',
            case when ordered_at is null then 'DATE_MISSING' end,
            case
                when
                    customer_count > 1
                    or (customer_count = 1 and identified_line_count < line_count)
                    or currency_count > 1
                    or status_count > 1
                    then 'ORDER_CONFLICT'
            end
        ) as format_codes,
        cast(null as varchar) as source_record
    from line_totals
    where {{ 'true' if orders_come_from_lines else 'false' }}

),

final as (

    select * from orders_as_given
    union all
    select * from orders_from_lines

)

select * from final
