{% set as_of_date = tierwise.setting('as_of_date') %}

with

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

latest_order as (

    select max(order_date) as latest_order_date
    from int_orders_accepted

),

final as (

    select {{ "date '" ~ as_of_date ~ "'" if as_of_date else 'latest_order_date' }} as as_of_date
    from latest_order

)

{# Without a single accepted order, and without a setting, there is no date to score. #}
select * from final
where as_of_date is not null
