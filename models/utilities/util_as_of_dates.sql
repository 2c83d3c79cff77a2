{% set as_of_date = tierwise.setting('as_of_date') %}

with

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

chosen as (

    select coalesce({{ "date '" ~ as_of_date ~ "', " if as_of_date }}max(order_date)) as as_of_date
    from int_orders_accepted

),

{# Without a single accepted order, and without a setting, there is no date to score. #}
final as (

    select as_of_date
    from chosen
    where as_of_date is not null

)

select * from final
