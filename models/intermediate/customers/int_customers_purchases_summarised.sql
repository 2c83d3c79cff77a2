with

int_customer_days_totalled as (

    select * from {{ ref('int_customer_days_totalled') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

known as (

    select
        int_customer_days_totalled.*,
        util_as_of_dates.as_of_date
    from int_customer_days_totalled
    cross join util_as_of_dates
    where
        int_customer_days_totalled.order_date <= util_as_of_dates.as_of_date
        and int_customer_days_totalled.known_from_date <= util_as_of_dates.as_of_date

),

{# A day whose orders were all refunded in full by the as-of date is no purchase day. Only corrected
   days are summed: sums are wide decimals, and slow. #}
purchase_days as (

    select
        as_of_date,
        customer_id,
        order_date,
        purchase_count,
        net_amount,
        profit_amount
    from known
    where not is_corrected
    union all
    select
        as_of_date,
        customer_id,
        order_date,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(profit_amount) as decimal(18, 2)) as profit_amount
    from known
    where is_corrected
    group by 1, 2, 3
    having sum(purchase_count) > 0

),

windowed as (

    select
        *,
        {{ tierwise.is_in_window(
            'order_date', 'as_of_date', tierwise.setting('rfm_window_days')
        ) }} as is_in_rfm_window,
        {{ tierwise.is_in_window(
            'order_date', 'as_of_date', tierwise.setting('abc_window_days')
        ) }} as is_in_abc_window
    from purchase_days

),

summarised as (

    select
        as_of_date,
        customer_id,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        count(*) as purchase_day_count,
        sum(purchase_count) as lifetime_order_count,
        sum(net_amount) as lifetime_net_revenue_amount,
        sum(case when is_in_rfm_window then purchase_count else 0 end) as rfm_order_count,
        sum(case when is_in_rfm_window then net_amount else 0 end) as rfm_net_revenue_amount,
        sum(case when is_in_abc_window then net_amount else 0 end) as net_revenue_amount,
        sum(case when is_in_abc_window then profit_amount else 0 end) as profit_amount
    from windowed
    group by 1, 2

),

final as (

    select
        summarised.as_of_date,
        summarised.customer_id,
        int_customers_unioned.is_opted_out_of_profiling,
        summarised.first_order_date,
        summarised.last_order_date,
        cast(
            {{ tierwise.days_between(
                'summarised.last_order_date', 'summarised.as_of_date'
            ) }} as integer
        ) as recency_days,
        summarised.purchase_day_count,
        cast(summarised.lifetime_order_count as bigint) as lifetime_order_count,
        cast(
            summarised.lifetime_net_revenue_amount as decimal(18, 2)
        ) as lifetime_net_revenue_amount,
        cast(summarised.rfm_order_count as bigint) as rfm_order_count,
        cast(summarised.rfm_net_revenue_amount as decimal(18, 2)) as rfm_net_revenue_amount,
        cast(summarised.net_revenue_amount as decimal(18, 2)) as net_revenue_amount,
        cast(summarised.profit_amount as decimal(18, 2)) as profit_amount
    from summarised
    inner join int_customers_unioned
        on summarised.customer_id = int_customers_unioned.customer_id

)

select * from final
