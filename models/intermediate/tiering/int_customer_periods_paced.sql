with

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

final as (

    select
        period_end_date,
        customer_id,
        purchase_day_count,
        cast({{ tierwise.days_between('first_order_date', 'last_order_date') }} as integer)
            as purchase_span_days
    from int_customer_periods_measured

)

select * from final
