with

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

int_customers_purchases_summarised as (

    select * from {{ ref('int_customers_purchases_summarised') }}

),

int_customers_tiered as (

    select * from {{ ref('int_customers_tiered') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

int_orders_signed as (

    select * from {{ ref('int_orders_signed') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

policies as (

    select policy_name
    from int_tiers_configured
    group by 1

),

members as (

    select
        util_as_of_dates.as_of_date,
        policies.policy_name,
        coalesce(int_customers_tiered.tier_code, 'untiered') as tier_code,
        count(*) as customer_count,
        cast(sum(int_customers_purchases_summarised.lifetime_order_count) as bigint) as order_count,
        cast(
            sum(int_customers_purchases_summarised.lifetime_net_revenue_amount) as decimal(18, 2)
        ) as net_revenue_amount
    from int_customers_unioned
    cross join util_as_of_dates
    cross join policies
    left join int_customers_tiered
        on
            int_customers_unioned.customer_id = int_customers_tiered.customer_id
            and util_as_of_dates.as_of_date = int_customers_tiered.as_of_date
            and policies.policy_name = int_customers_tiered.policy_name
    left join int_customers_purchases_summarised
        on
            int_customers_unioned.customer_id = int_customers_purchases_summarised.customer_id
            and util_as_of_dates.as_of_date = int_customers_purchases_summarised.as_of_date
    {# Whoever is known only from orders after the date is not there yet. #}
    where
        int_customers_unioned.is_in_customer_table
        or int_customers_unioned.first_accepted_order_date <= util_as_of_dates.as_of_date
    group by 1, 2, 3

),

guests as (

    select
        util_as_of_dates.as_of_date,
        policies.policy_name,
        'guest' as tier_code,
        0 as customer_count,
        cast(sum(int_orders_signed.purchase_count) as bigint) as order_count,
        cast(sum(int_orders_signed.net_amount) as decimal(18, 2)) as net_revenue_amount
    from int_orders_signed
    cross join util_as_of_dates
    cross join policies
    where
        int_orders_signed.is_guest
        and int_orders_signed.order_date <= util_as_of_dates.as_of_date
        and int_orders_signed.known_from_date <= util_as_of_dates.as_of_date
    group by 1, 2

),

final as (

    select * from members
    union all
    select * from guests

)

select * from final
