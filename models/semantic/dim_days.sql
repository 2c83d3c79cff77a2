with

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

spans as (

    select
        util_as_of_dates.as_of_date,
        coalesce(min(int_orders_accepted.order_date), util_as_of_dates.as_of_date)
            as first_order_date
    from util_as_of_dates
    left join int_orders_accepted
        on util_as_of_dates.as_of_date >= int_orders_accepted.order_date
    group by 1

),

days as (

    select {{ tierwise.period_ends('day', 'first_order_date', 'as_of_date') }} as calendar_date
    from spans

),

final as (

    select
        calendar_date,
        cast({{ dbt.date_trunc('week', 'calendar_date') }} as date) as week_start_date,
        cast({{ dbt.date_trunc('month', 'calendar_date') }} as date) as month_start_date,
        cast({{ dbt.date_trunc('quarter', 'calendar_date') }} as date) as quarter_start_date,
        cast({{ dbt.date_trunc('year', 'calendar_date') }} as date) as year_start_date
    from days

)

select * from final
