with

int_customers_clv_summarised as (

    select * from {{ ref('int_customers_clv_summarised') }}

),

int_clv_members_grouped as (

    select * from {{ ref('int_clv_members_grouped') }}

),

windowed as (

    select
        as_of_date,
        customer_id,
        'calibration' as fit_window,
        calibration_repeat_day_count as repeat_day_count,
        calibration_last_repeat_days as last_repeat_days,
        calibration_age_days as customer_age_days,
        holdout_day_count
    from int_customers_clv_summarised
    where calibration_first_order_date is not null
    union all
    select
        as_of_date,
        customer_id,
        'full' as fit_window,
        repeat_day_count,
        last_repeat_days,
        customer_age_days,
        0 as holdout_day_count
    from int_customers_clv_summarised
    where first_order_date is not null

),

final as (

    select
        windowed.as_of_date,
        windowed.fit_window,
        int_clv_members_grouped.clv_group,
        windowed.repeat_day_count,
        windowed.last_repeat_days,
        windowed.customer_age_days,
        windowed.holdout_day_count,
        count(*) as customer_count
    from windowed
    inner join int_clv_members_grouped
        on
            windowed.as_of_date = int_clv_members_grouped.as_of_date
            and windowed.customer_id = int_clv_members_grouped.customer_id
    group by 1, 2, 3, 4, 5, 6, 7

)

select * from final
