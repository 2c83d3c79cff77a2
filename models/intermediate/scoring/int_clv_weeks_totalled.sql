with

int_clv_days_counted as (

    select * from {{ ref('int_clv_days_counted') }}

),

int_clv_growth_predicted as (

    select * from {{ ref('int_clv_growth_predicted') }}

),

growth_days as (

    select
        as_of_date,
        clv_group,
        cast(customer_age_days as integer) as customer_age_days
    from int_clv_growth_predicted
    where
        customer_age_days % 7 = 0
        and customer_age_days > 0
    group by 1, 2, 3

),

starts as (

    select
        as_of_date,
        clv_group,
        min(order_date) as start_date
    from int_clv_days_counted
    group by 1, 2

),

weeks as (

    select
        growth_days.as_of_date,
        growth_days.clv_group,
        cast(growth_days.customer_age_days / 7 as integer) as week_number,
        {{ tierwise.days_before('starts.start_date', '(-growth_days.customer_age_days)') }}
            as week_end_date
    from growth_days
    inner join starts
        on
            growth_days.as_of_date = starts.as_of_date
            and growth_days.clv_group = starts.clv_group

),

reached as (

    select
        weeks.as_of_date,
        weeks.clv_group,
        weeks.week_number,
        weeks.week_end_date,
        int_clv_days_counted.repeat_count,
        int_clv_days_counted.new_customer_count,
        {{ tierwise.days_between('int_clv_days_counted.order_date', 'weeks.week_end_date') }}
            as customer_age_days
    from weeks
    inner join int_clv_days_counted
        on
            weeks.as_of_date = int_clv_days_counted.as_of_date
            and weeks.clv_group = int_clv_days_counted.clv_group
            and weeks.week_end_date >= int_clv_days_counted.order_date
    where weeks.week_end_date <= weeks.as_of_date

),

final as (

    select
        reached.as_of_date,
        reached.clv_group,
        int_clv_growth_predicted.model_name,
        reached.week_number,
        reached.week_end_date,
        cast(sum(reached.repeat_count) as bigint) as actual_orders,
        sum(
            cast(int_clv_growth_predicted.expected_orders as decimal(12, 6))
            * cast(reached.new_customer_count as decimal(10, 0))
        ) as expected_orders
    from reached
    inner join int_clv_growth_predicted
        on
            reached.as_of_date = int_clv_growth_predicted.as_of_date
            and reached.clv_group = int_clv_growth_predicted.clv_group
            and reached.customer_age_days = int_clv_growth_predicted.customer_age_days
    group by 1, 2, 3, 4, 5

)

select * from final
