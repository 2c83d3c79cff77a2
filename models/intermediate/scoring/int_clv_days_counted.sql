with

int_customer_days_known as (

    select * from {{ ref('int_customer_days_known') }}

),

int_customers_clv_summarised as (

    select * from {{ ref('int_customers_clv_summarised') }}

),

int_clv_members_grouped as (

    select * from {{ ref('int_clv_members_grouped') }}

),

members as (

    select
        int_customers_clv_summarised.as_of_date,
        int_customers_clv_summarised.customer_id,
        int_customers_clv_summarised.calibration_first_order_date as first_order_date,
        int_clv_members_grouped.clv_group
    from int_customers_clv_summarised
    inner join int_clv_members_grouped
        on
            int_customers_clv_summarised.as_of_date = int_clv_members_grouped.as_of_date
            and int_customers_clv_summarised.customer_id = int_clv_members_grouped.customer_id
    where int_customers_clv_summarised.calibration_first_order_date is not null

),

first_days as (

    select
        as_of_date,
        clv_group,
        first_order_date as order_date,
        count(*) as new_customer_count,
        0 as repeat_count
    from members
    group by 1, 2, 3

),

repeat_days as (

    select
        members.as_of_date,
        members.clv_group,
        int_customer_days_known.purchase_date as order_date,
        0 as new_customer_count,
        count(*) as repeat_count
    from int_customer_days_known
    inner join members
        on
            int_customer_days_known.as_of_date = members.as_of_date
            and int_customer_days_known.customer_id = members.customer_id
            and int_customer_days_known.purchase_date > members.first_order_date
    group by 1, 2, 3

),

days as (

    select * from first_days
    union all
    select * from repeat_days

),

final as (

    select
        as_of_date,
        clv_group,
        order_date,
        cast(sum(new_customer_count) as bigint) as new_customer_count,
        cast(sum(repeat_count) as bigint) as repeat_count
    from days
    group by 1, 2, 3

)

select * from final
