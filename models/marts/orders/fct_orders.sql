{{ config(materialized='view') }}

with

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

int_orders_signed as (

    select * from {{ ref('int_orders_signed') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

known as (

    select
        int_orders_accepted.*,
        util_as_of_dates.as_of_date
    from int_orders_accepted
    inner join util_as_of_dates
        on
            int_orders_accepted.order_date <= util_as_of_dates.as_of_date
            and int_orders_accepted.known_from_date <= util_as_of_dates.as_of_date
    where int_orders_accepted.is_purchase

),

{# Only what was corrected is summed: sums are wide decimals, and slow. #}
corrections as (

    select
        util_as_of_dates.as_of_date,
        int_orders_signed.order_id,
        sum(int_orders_signed.purchase_count) as purchase_count,
        sum(int_orders_signed.net_amount) as net_amount,
        sum(int_orders_signed.profit_amount) as profit_amount
    from int_orders_signed
    inner join util_as_of_dates
        on int_orders_signed.known_from_date <= util_as_of_dates.as_of_date
    where int_orders_signed.is_correction
    group by 1, 2

),

final as (

    select
        known.as_of_date,
        known.order_id,
        known.customer_id,
        known.is_guest,
        known.ordered_at,
        known.order_date,
        known.channel,
        known.store_id,
        cast(known.net_amount + coalesce(corrections.net_amount, 0) as decimal(18, 2))
            as net_revenue_amount,
        cast(known.profit_amount + coalesce(corrections.profit_amount, 0) as decimal(18, 2))
            as profit_amount
    from known
    left join corrections
        on
            known.as_of_date = corrections.as_of_date
            and known.order_id = corrections.order_id
    {# A refund that leaves nothing takes the purchase back. #}
    where coalesce(corrections.purchase_count, 0) = 0

)

select * from final
