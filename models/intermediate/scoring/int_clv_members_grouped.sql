{{ config(materialized='view') }}

with

int_customers_clv_grouped as (

    select * from {{ ref('int_customers_clv_grouped') }}

),

{# Everyone counts in the fit of all; members of a group with a fit of its own count there too. #}
final as (

    select
        as_of_date,
        customer_id,
        'all' as clv_group
    from int_customers_clv_grouped
    union all
    select
        as_of_date,
        customer_id,
        clv_group
    from int_customers_clv_grouped
    where clv_group <> 'all'

)

select * from final
