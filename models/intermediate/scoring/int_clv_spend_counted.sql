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
        calibration_repeat_net_amount as repeat_net_amount
    from int_customers_clv_summarised
    where
        calibration_repeat_day_count > 0
        and calibration_repeat_net_amount > 0
    union all
    select
        as_of_date,
        customer_id,
        'full' as fit_window,
        repeat_day_count,
        repeat_net_amount
    from int_customers_clv_summarised
    where
        repeat_day_count > 0
        and repeat_net_amount > 0

),

final as (

    select
        windowed.as_of_date,
        windowed.fit_window,
        int_clv_members_grouped.clv_group,
        windowed.repeat_day_count,
        windowed.repeat_net_amount,
        count(*) as customer_count
    from windowed
    inner join int_clv_members_grouped
        on
            windowed.as_of_date = int_clv_members_grouped.as_of_date
            and windowed.customer_id = int_clv_members_grouped.customer_id
    group by 1, 2, 3, 4, 5

)

select * from final
