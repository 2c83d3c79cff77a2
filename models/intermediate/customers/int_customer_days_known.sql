{{ config(materialized='view') }}

with

int_customer_days_totalled as (

    select * from {{ ref('int_customer_days_totalled') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

window_ends as (

    select
        as_of_date,
        {{ tierwise.days_before('as_of_date', tierwise.setting('clv_holdout_days')) }}
            as calibration_end_date
    from util_as_of_dates

),

known as (

    select
        window_ends.as_of_date,
        window_ends.calibration_end_date,
        int_customer_days_totalled.customer_id,
        int_customer_days_totalled.order_date,
        int_customer_days_totalled.is_corrected,
        int_customer_days_totalled.purchase_count,
        int_customer_days_totalled.net_amount,
        int_customer_days_totalled.profit_amount,
        int_customer_days_totalled.known_from_date <= window_ends.calibration_end_date
            as is_known_in_calibration
    from int_customer_days_totalled
    cross join window_ends
    where
        int_customer_days_totalled.order_date <= window_ends.as_of_date
        and int_customer_days_totalled.known_from_date <= window_ends.as_of_date

),

{# A refund made in the holdout takes nothing back from the calibration. Only corrected days are
   summed: sums are wide decimals, and slow. #}
corrected as (

    select
        as_of_date,
        calibration_end_date,
        customer_id,
        order_date,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(profit_amount) as decimal(18, 2)) as profit_amount,
        cast(
            sum(case when is_known_in_calibration then net_amount else 0 end) as decimal(18, 2)
        ) as calibration_net_amount,
        sum(purchase_count) as purchase_count,
        sum(case when is_known_in_calibration then purchase_count else 0 end)
            as calibration_purchase_count
    from known
    where is_corrected
    group by 1, 2, 3, 4

),

final as (

    select
        as_of_date,
        calibration_end_date,
        customer_id,
        order_date as purchase_date,
        net_amount,
        profit_amount,
        case when is_known_in_calibration then order_date end as calibration_purchase_date,
        case when is_known_in_calibration then net_amount else 0 end as calibration_net_amount
    from known
    where not is_corrected
    union all
    select
        as_of_date,
        calibration_end_date,
        customer_id,
        case when purchase_count > 0 then order_date end as purchase_date,
        case when purchase_count > 0 then net_amount else 0 end as net_amount,
        case when purchase_count > 0 then profit_amount else 0 end as profit_amount,
        case when calibration_purchase_count > 0 then order_date end as calibration_purchase_date,
        case when calibration_purchase_count > 0 then calibration_net_amount else 0 end
            as calibration_net_amount
    from corrected
    where
        purchase_count > 0
        or calibration_purchase_count > 0

)

select * from final
