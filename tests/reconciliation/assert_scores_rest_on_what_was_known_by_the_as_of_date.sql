{#
    An order or a refund from after the date that leaks into a score makes every look back flatter the model, and no
    total shows it. So recency, frequency and monetary value are counted again from the orders and refunds of each
    customer, through none of the models between.
#}
with

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

int_refunds_checked as (

    select * from {{ ref('int_refunds_checked') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

refunded as (

    select
        util_as_of_dates.as_of_date,
        int_refunds_checked.order_id,
        sum(int_refunds_checked.refund_amount) as refund_amount
    from int_refunds_checked
    inner join util_as_of_dates
        on int_refunds_checked.refund_date <= util_as_of_dates.as_of_date
    where int_refunds_checked.verdict = 'accepted'
    group by 1, 2

),

standing_orders as (

    select
        util_as_of_dates.as_of_date,
        int_orders_accepted.customer_id,
        int_orders_accepted.order_date,
        int_orders_accepted.net_amount - coalesce(refunded.refund_amount, 0) as net_amount,
        {{ tierwise.is_in_window(
            'int_orders_accepted.order_date', 'util_as_of_dates.as_of_date',
            tierwise.setting('rfm_window_days')
        ) }} as is_in_window
    from int_orders_accepted
    inner join util_as_of_dates
        on int_orders_accepted.order_date <= util_as_of_dates.as_of_date
    inner join int_customers_unioned
        on int_orders_accepted.customer_id = int_customers_unioned.customer_id
    left join refunded
        on
            int_orders_accepted.order_id = refunded.order_id
            and util_as_of_dates.as_of_date = refunded.as_of_date
    where
        int_orders_accepted.is_purchase
        and not int_customers_unioned.is_opted_out_of_profiling
        and (
            refunded.refund_amount is null
            or refunded.refund_amount < int_orders_accepted.net_amount
        )

),

recounted as (

    select
        as_of_date,
        customer_id,
        {{ tierwise.days_between('max(order_date)', 'as_of_date') }} as recency_days,
        sum(case when is_in_window then 1 else 0 end) as order_count,
        sum(case when is_in_window then net_amount else 0 end) as net_revenue
    from standing_orders
    group by 1, 2

),

valued as (

    select
        *,
        {% if tierwise.setting('rfm_monetary') == 'mean' %}
        coalesce({{ tierwise.amount_per('net_revenue', 'order_count') }}, 0) as monetary_amount
        {% else %}
        net_revenue as monetary_amount
        {% endif %}
    from recounted

),

final as (

    select
        fct_customer_rfm_scores.recency_days,
        valued.recency_days as recounted_recency_days,
        fct_customer_rfm_scores.rfm_order_count,
        valued.order_count as recounted_order_count,
        fct_customer_rfm_scores.rfm_monetary_amount,
        valued.monetary_amount as recounted_monetary_amount,
        coalesce(fct_customer_rfm_scores.as_of_date, valued.as_of_date) as as_of_date,
        coalesce(fct_customer_rfm_scores.customer_id, valued.customer_id) as customer_id
    from fct_customer_rfm_scores
    full outer join valued
        on
            fct_customer_rfm_scores.as_of_date = valued.as_of_date
            and fct_customer_rfm_scores.customer_id = valued.customer_id
    where
        fct_customer_rfm_scores.recency_days is distinct from valued.recency_days
        or fct_customer_rfm_scores.rfm_order_count is distinct from valued.order_count
        or fct_customer_rfm_scores.rfm_monetary_amount
        is distinct from valued.monetary_amount

)

select * from final
