{{ config(**tierwise.replaced_by_period()) }}
{% set abc = 'profit_amount' if tierwise.setting('abc_metric') == 'profit' else 'net_amount' %}

with

int_periods_fingerprinted as (

    select * from {{ ref('int_periods_fingerprinted') }}

),

int_customer_days_totalled as (

    select * from {{ ref('int_customer_days_totalled') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

periods as (

    select *
    from int_periods_fingerprinted
    where {{ tierwise.stale_periods() }}

),

{# Late refunds are known only in later periods: what they take back still stands before. #}
known as (

    select
        periods.period_end_date,
        periods.previous_period_end_date,
        periods.period_fingerprint,
        int_customer_days_totalled.customer_id,
        int_customer_days_totalled.order_date,
        int_customer_days_totalled.is_corrected,
        int_customer_days_totalled.purchase_count,
        int_customer_days_totalled.net_amount,
        int_customer_days_totalled.{{ abc }} as abc_amount
    from int_customer_days_totalled
    inner join periods
        on int_customer_days_totalled.known_from_date <= periods.period_end_date

),

corrected as (

    select
        period_end_date,
        previous_period_end_date,
        period_fingerprint,
        customer_id,
        order_date,
        is_corrected,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(abc_amount) as decimal(18, 2)) as abc_amount
    from known
    where is_corrected
    group by 1, 2, 3, 4, 5, 6
    having sum(purchase_count) > 0

),

purchase_days as (

    select * from known
    where not is_corrected
    union all
    select * from corrected

),

windowed as (

    select
        *,
        {{ tierwise.is_in_window(
            'order_date', 'period_end_date', tierwise.setting('rfm_window_days')
        ) }} as is_in_rfm_window,
        {{ tierwise.is_in_window(
            'order_date', 'period_end_date', tierwise.setting('tier_value_window_days')
        ) }} as is_in_value_window,
        {{ tierwise.is_in_window(
            'order_date', 'period_end_date', tierwise.setting('abc_window_days')
        ) }} as is_in_abc_window,
        order_date > previous_period_end_date as is_in_period
    from purchase_days

),

summarised as (

    select
        period_end_date,
        period_fingerprint,
        customer_id,
        cast(sum(case when is_in_rfm_window then purchase_count else 0 end) as bigint)
            as rfm_order_count,
        cast(sum(case when is_in_rfm_window then net_amount else 0 end) as decimal(18, 2))
            as rfm_net_revenue_amount,
        cast(sum(case when is_in_value_window then purchase_count else 0 end) as bigint)
            as value_order_count,
        cast(sum(case when is_in_value_window then net_amount else 0 end) as decimal(18, 2))
            as value_amount,
        cast(sum(case when is_in_abc_window then abc_amount else 0 end) as decimal(18, 2))
            as abc_amount,
        cast(sum(case when is_in_period then purchase_count else 0 end) as bigint)
            as period_order_count,
        cast(sum(case when is_in_period then net_amount else 0 end) as decimal(18, 2))
            as period_net_revenue_amount,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from windowed
    group by 1, 2, 3

),

final as (

    select
        summarised.period_end_date,
        summarised.customer_id,
        summarised.first_order_date,
        summarised.last_order_date,
        summarised.rfm_order_count,
        summarised.rfm_net_revenue_amount,
        summarised.value_order_count,
        summarised.value_amount,
        summarised.abc_amount,
        summarised.period_order_count,
        summarised.period_net_revenue_amount,
        summarised.period_fingerprint,
        cast({{ tierwise.days_between(
            'summarised.last_order_date', 'summarised.period_end_date'
        ) }} as integer) as recency_days,
        coalesce(int_customers_unioned.is_opted_out_of_profiling, false)
            as is_opted_out_of_profiling
    from summarised
    inner join int_customers_unioned
        on summarised.customer_id = int_customers_unioned.customer_id

)

select * from final
