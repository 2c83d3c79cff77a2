with

int_customers_checked as (

    select * from {{ ref('int_customers_checked') }}

),

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

known_customers as (

    select *
    from int_customers_checked
    where verdict = 'accepted'

),

{# A wish not to be profiled holds even where the rest of the customer's rows contradict each
   other. #}
opted_out_customers as (

    select person_id as customer_id
    from int_customers_checked
    where
        has_any_opt_out
        and person_id is not null
    group by 1

),

ordering_customers as (

    select
        customer_id,
        min(order_date) as first_accepted_order_date
    from int_orders_accepted
    where not is_guest
    group by 1

),

all_customers as (

    select customer_id from known_customers
    union
    select customer_id from ordering_customers

),

final as (

    select
        all_customers.customer_id,
        ordering_customers.first_accepted_order_date,
        known_customers.created_at,
        known_customers.birth_date,
        known_customers.region,
        known_customers.industry,
        known_customers.owner_id,
        known_customers.customer_attributes,
        known_customers.has_marketing_consent,
        known_customers.customer_id is not null as is_in_customer_table,
        opted_out_customers.customer_id is not null as is_opted_out_of_profiling
    from all_customers
    left join ordering_customers
        on all_customers.customer_id = ordering_customers.customer_id
    left join known_customers
        on all_customers.customer_id = known_customers.customer_id
    left join opted_out_customers
        on all_customers.customer_id = opted_out_customers.customer_id

)

select * from final
