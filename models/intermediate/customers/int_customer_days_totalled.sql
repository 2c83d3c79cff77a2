{{ config(materialized='view') }}

with

int_customer_days_purchased as (

    select * from {{ ref('int_customer_days_purchased') }}

),

int_orders_signed as (

    select * from {{ ref('int_orders_signed') }}

),

corrections as (

    select
        customer_id,
        order_date,
        known_from_date,
        true as is_correction,
        true as is_corrected,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(profit_amount) as decimal(18, 2)) as profit_amount
    from int_orders_signed
    where
        is_correction
        and not is_guest
    group by 1, 2, 3

),

corrected_days as (

    select
        customer_id,
        order_date
    from corrections
    group by 1, 2
    {% if tierwise.setting('history_basis') == 'known_date' %}
    union
    select
        customer_id,
        order_date
    from int_customer_days_purchased
    group by 1, 2
    having count(*) > 1
    {% endif %}

),

purchases as (

    select
        int_customer_days_purchased.customer_id,
        int_customer_days_purchased.order_date,
        int_customer_days_purchased.known_from_date,
        false as is_correction,
        corrected_days.customer_id is not null as is_corrected,
        int_customer_days_purchased.purchase_count,
        int_customer_days_purchased.net_amount,
        int_customer_days_purchased.profit_amount
    from int_customer_days_purchased
    left join corrected_days
        on
            int_customer_days_purchased.customer_id = corrected_days.customer_id
            and int_customer_days_purchased.order_date = corrected_days.order_date

),

final as (

    select * from purchases
    union all
    select * from corrections

)

select * from final
