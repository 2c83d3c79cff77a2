{% set period = tierwise.setting('tier_period') %}

with

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

int_customer_days_totalled as (

    select * from {{ ref('int_customer_days_totalled') }}

),

spans as (

    select
        util_as_of_dates.as_of_date,
        min(int_customer_days_totalled.order_date) as first_order_date
    from util_as_of_dates
    left join int_customer_days_totalled
        on util_as_of_dates.as_of_date >= int_customer_days_totalled.order_date
    group by 1

),

calendar as (

    select
        as_of_date,
        first_order_date,
        {{ tierwise.period_ends(period, 'first_order_date', 'as_of_date') }} as period_end_date
    from spans
    where first_order_date is not null

),

{# A period counts once there are enough days of orders behind it; the as-of date always does. #}
period_ends as (

    select
        as_of_date,
        period_end_date,
        true as is_complete_period
    from calendar
    where
        period_end_date < as_of_date
        and {{ tierwise.days_between('first_order_date', 'period_end_date') }} + 1
        >= {{ tierwise.setting('tier_history_min_days') }}
    union all
    select
        spans.as_of_date,
        spans.as_of_date as period_end_date,
        calendar.period_end_date is not null as is_complete_period
    from spans
    left join calendar
        on spans.as_of_date = calendar.period_end_date

),

final as (

    select
        period_end_date,
        is_complete_period,
        cast(row_number() over (
            partition by as_of_date
            order by period_end_date
        ) as integer) as period_number,
        lag(period_end_date) over (
            partition by as_of_date
            order by period_end_date
        ) as previous_period_end_date,
        period_end_date = as_of_date as is_latest_period
    from period_ends

)

select * from final
