{{ config(materialized='view') }}

with

util_period_days as (

    select * from {{ ref('util_period_days') }}

),

{# Read once for each part: all days as one CTE would be kept in memory. #}
lasting_days as (

    select *
    from {{ ref('int_customer_days_totalled') }}
    where not is_corrected

),

corrected_days as (

    select *
    from {{ ref('int_customer_days_totalled') }}
    where is_corrected

),

corrections as (

    select
        customer_id,
        order_date,
        known_from_date,
        sum(purchase_count) as purchase_count,
        sum(net_amount) as net_amount,
        sum(profit_amount) as profit_amount
    from corrected_days
    group by 1, 2, 3

),

{# What was known of a corrected day holds until the next correction. #}
corrected as (

    select
        customer_id,
        order_date,
        true as is_corrected,
        known_from_date,
        lead(known_from_date) over known_so_far as known_until_date,
        cast(sum(purchase_count) over known_so_far as bigint) as purchase_count,
        cast(sum(net_amount) over known_so_far as decimal(18, 2)) as net_amount,
        cast(sum(profit_amount) over known_so_far as decimal(18, 2)) as profit_amount
    from corrections
    window known_so_far as (
        partition by customer_id, order_date
        order by known_from_date
    )

),

{# Nearly all days are one row that holds as it is. Where nothing stands, there is no day. #}
versions as (

    select
        customer_id,
        order_date,
        false as is_corrected,
        known_from_date,
        cast(null as date) as known_until_date,
        purchase_count,
        net_amount,
        profit_amount
    from lasting_days
    union all
    select * from corrected
    where purchase_count > 0

),

{# What was corrected before a period ended was never seen. #}
final as (

    select
        versions.customer_id,
        versions.order_date,
        versions.is_corrected,
        known_from_days.first_period_number as entered_period_number,
        known_until_days.first_period_number as ended_period_number,
        order_days.rfm_left_number,
        order_days.value_left_number,
        order_days.abc_left_number,
        versions.purchase_count,
        versions.net_amount,
        versions.profit_amount,
        order_days.first_period_number = known_from_days.first_period_number
        and known_from_days.first_period_number > 1 as is_in_period
    from versions
    inner join util_period_days as known_from_days
        on versions.known_from_date = known_from_days.day_date
    inner join util_period_days as order_days
        on versions.order_date = order_days.day_date
    left join util_period_days as known_until_days
        on versions.known_until_date = known_until_days.day_date
    where coalesce(known_until_days.first_period_number > known_from_days.first_period_number, true)

)

select * from final
