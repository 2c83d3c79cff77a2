with

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_customer_days_totalled as (

    select * from {{ ref('int_customer_days_totalled') }}

),

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

{# A day that refunds take back counts as long as something of it was known to stand. #}
known as (

    select
        customer_id,
        order_date,
        known_from_date,
        sum(purchase_count) as purchase_count
    from int_customer_days_totalled
    group by 1, 2, 3

),

standing as (

    select
        customer_id,
        order_date,
        known_from_date,
        case
            when
                sum(purchase_count) over (
                    partition by customer_id, order_date
                    order by known_from_date
                ) > 0
                then 1
            else 0
        end as day_count
    from known

),

day_changes as (

    select
        customer_id,
        known_from_date,
        day_count - coalesce(lag(day_count) over (
            partition by customer_id, order_date
            order by known_from_date
        ), 0) as day_change
    from standing

),

{# Counted up from period to period, so that no day is counted again for each. #}
changes as (

    select
        util_periods.period_number,
        day_changes.customer_id,
        sum(day_changes.day_change) as day_change
    from day_changes
    inner join util_periods
        on
            day_changes.known_from_date <= util_periods.period_end_date
            and coalesce(day_changes.known_from_date > util_periods.previous_period_end_date, true)
    group by 1, 2
    union all
    select
        util_periods.period_number,
        int_customer_periods_measured.customer_id,
        0 as day_change
    from int_customer_periods_measured
    inner join util_periods
        on int_customer_periods_measured.period_end_date = util_periods.period_end_date

),

counted as (

    select
        period_number,
        customer_id,
        cast(sum(sum(day_change)) over (
            partition by customer_id
            order by period_number
        ) as bigint) as purchase_day_count
    from changes
    group by 1, 2

),

final as (

    select
        int_customer_periods_measured.period_end_date,
        int_customer_periods_measured.customer_id,
        counted.purchase_day_count,
        cast({{ tierwise.days_between(
            'int_customer_periods_measured.first_order_date',
            'int_customer_periods_measured.last_order_date'
        ) }} as integer) as purchase_span_days
    from int_customer_periods_measured
    inner join util_periods
        on int_customer_periods_measured.period_end_date = util_periods.period_end_date
    inner join counted
        on
            util_periods.period_number = counted.period_number
            and int_customer_periods_measured.customer_id = counted.customer_id

)

select * from final
