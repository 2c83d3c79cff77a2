{% set as_of_date = tierwise.setting('as_of_date') %}

with

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

int_loads_approved as (

    select * from {{ ref('int_loads_approved') }}

),

newest as (

    select max(order_date) as order_date
    from int_orders_accepted

),

{# Without a single accepted order, and without a setting, there is no date to score; and whoever
   scores waits until the load is approved. #}
final as (

    select
        {{ "date '" ~ as_of_date ~ "'" if as_of_date else 'newest.order_date' }} as as_of_date
    from newest
    inner join int_loads_approved
        on int_loads_approved.approval = 'approved'
    where {{ 'true' if as_of_date else 'newest.order_date is not null' }}

)

select * from final
