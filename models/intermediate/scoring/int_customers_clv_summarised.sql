with

int_customer_days_known as (

    select * from {{ ref('int_customer_days_known') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

totalled as (

    select
        as_of_date,
        calibration_end_date,
        customer_id,
        min(purchase_date) as first_date,
        max(purchase_date) as last_date,
        count(purchase_date) as day_count,
        sum(net_amount) as amount,
        sum(net_amount) - coalesce(min_by(net_amount, purchase_date), 0) as repeat_amount,
        sum(profit_amount) as profit_amount,
        min(calibration_purchase_date) as calibration_first_date,
        max(calibration_purchase_date) as calibration_last_date,
        count(calibration_purchase_date) as calibration_day_count,
        sum(calibration_net_amount)
        - coalesce(min_by(calibration_net_amount, calibration_purchase_date), 0)
            as calibration_repeat_amount,
        count(case when purchase_date > calibration_end_date then 1 end) as holdout_day_count,
        sum(case when purchase_date > calibration_end_date then net_amount else 0 end)
            as holdout_amount
    from int_customer_days_known
    group by 1, 2, 3

),

{# The first day starts the clock and is no repeat, neither as an order nor as spend. #}
final as (

    select
        totalled.as_of_date,
        totalled.calibration_end_date,
        totalled.customer_id,
        totalled.first_date as first_order_date,
        cast(nullif(totalled.day_count, 0) - 1 as bigint) as repeat_day_count,
        cast({{ tierwise.days_between('totalled.first_date', 'totalled.last_date') }} as integer)
            as last_repeat_days,
        cast({{ tierwise.days_between('totalled.first_date', 'totalled.as_of_date') }} as integer)
            as customer_age_days,
        cast(totalled.repeat_amount as decimal(18, 2)) as repeat_net_amount,
        case
            when totalled.amount > 0
                then {{ tierwise.share('totalled.profit_amount', 'totalled.amount') }}
            else {{ tierwise.setting('default_margin_share') }}
        end as profit_share,
        totalled.calibration_first_date as calibration_first_order_date,
        cast(nullif(totalled.calibration_day_count, 0) - 1 as bigint)
            as calibration_repeat_day_count,
        cast({{ tierwise.days_between(
            'totalled.calibration_first_date', 'totalled.calibration_last_date'
        ) }} as integer) as calibration_last_repeat_days,
        cast({{ tierwise.days_between(
            'totalled.calibration_first_date', 'totalled.calibration_end_date'
        ) }} as integer) as calibration_age_days,
        cast(totalled.calibration_repeat_amount as decimal(18, 2)) as calibration_repeat_net_amount,
        cast(totalled.holdout_day_count as bigint) as holdout_day_count,
        cast(totalled.holdout_amount as decimal(18, 2)) as holdout_net_amount
    from totalled
    inner join int_customers_unioned
        on totalled.customer_id = int_customers_unioned.customer_id
    where not int_customers_unioned.is_opted_out_of_profiling

)

select * from final
