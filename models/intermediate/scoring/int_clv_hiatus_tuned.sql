with

int_clv_cells_counted as (

    select * from {{ ref('int_clv_cells_counted') }}

),

expected as (

    select
        as_of_date,
        clv_group,
        customer_age_days - last_repeat_days as hiatus_days,
        customer_count,
        cast(holdout_day_count as decimal(6, 0)) as actual_orders,
        cast(
            coalesce({{ tierwise.repeat_rate() }} * {{ tierwise.setting('clv_holdout_days') }}, 0)
            as decimal(12, 6)
        ) as expected_orders
    from int_clv_cells_counted
    where fit_window = 'calibration'

),

{# What the error grows by where customers with such a hiatus are still taken for active. #}
grown as (

    select
        as_of_date,
        clv_group,
        hiatus_days,
        sum(
            (abs(expected_orders - actual_orders) - actual_orders)
            * cast(customer_count as decimal(10, 0))
        ) as error_growth
    from expected
    group by 1, 2, 3

),

cumulated as (

    select
        as_of_date,
        clv_group,
        hiatus_days,
        sum(error_growth) over (
            partition by as_of_date, clv_group
            order by hiatus_days asc
            rows between unbounded preceding and current row
        ) as absolute_error
    from grown

),

ranked as (

    select
        as_of_date,
        clv_group,
        hiatus_days,
        row_number() over (
            partition by as_of_date, clv_group
            order by absolute_error asc, hiatus_days asc
        ) as error_rank
    from cumulated

),

final as (

    select
        as_of_date,
        clv_group,
        cast(hiatus_days as integer) as hiatus_days
    from ranked
    where error_rank = 1

)

select * from final
