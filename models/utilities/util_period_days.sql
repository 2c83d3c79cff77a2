{% set windows = {
    'rfm': tierwise.setting('rfm_window_days'),
    'value': tierwise.setting('tier_value_window_days'),
    'abc': tierwise.setting('abc_window_days'),
} %}

with

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_customer_days_totalled as (

    select * from {{ ref('int_customer_days_totalled') }}

),

first_days as (

    select min(order_date) as first_order_date from int_customer_days_totalled

),

calendar as (

    select
        {{ tierwise.period_ends(
            'day', 'first_days.first_order_date', 'util_as_of_dates.as_of_date'
        ) }} as day_date
    from util_as_of_dates
    cross join first_days
    where first_days.first_order_date is not null

),

{# A window without a limit is never left. #}
final as (

    select
        calendar.day_date,
        {% for window, days in windows.items() %}
        min(
            case
                when not {{ tierwise.is_in_window(
                    'calendar.day_date', 'util_periods.period_end_date', days
                ) }}
                    then util_periods.period_number
            end
        ) as {{ window }}_left_number,
        {% endfor %}
        min(util_periods.period_number) as first_period_number
    from calendar
    inner join util_periods
        on calendar.day_date <= util_periods.period_end_date
    group by 1

)

select * from final
