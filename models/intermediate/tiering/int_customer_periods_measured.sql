{{ config(**tierwise.replaced_by_period()) }}
{% set same_windows = tierwise.same_windows() %}

with

int_periods_fingerprinted as (

    select * from {{ ref('int_periods_fingerprinted') }}

),

int_customer_days_changed as (

    select * from {{ ref('int_customer_days_changed') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

periods as (

    select *
    from int_periods_fingerprinted
    where {{ tierwise.stale_periods() }}

),

first_periods as (

    select
        min(period_number) as first_number,
        max(period_number) as last_number
    from periods

),

{# What changed before the first period to build is there when that begins. #}
changes as (

    select
        int_customer_days_changed.*,
        int_customer_days_changed.period_number >= first_periods.first_number as is_seen,
        greatest(int_customer_days_changed.period_number, first_periods.first_number)
            as number_from
    from int_customer_days_changed
    inner join first_periods
        on int_customer_days_changed.period_number <= first_periods.last_number

),

summed as (

    select
        customer_id,
        number_from,
        cast(sum(day_delta) as bigint) as day_delta,
        {% for window in ['rfm', 'value'] if same_windows[window] == window %}
        cast(sum({{ window }}_order_delta) as bigint) as {{ window }}_order_delta,
        cast(sum({{ window }}_net_delta) as decimal(18, 2)) as {{ window }}_net_delta,
        {% endfor %}
        cast(sum(abc_delta) as decimal(18, 2)) as abc_delta,
        cast(sum(case when is_seen then period_order_count else 0 end) as bigint)
            as period_order_count,
        cast(sum(case when is_seen then period_net_revenue_amount else 0 end) as decimal(18, 2))
            as period_net_revenue_amount,
        min(added_date) as first_added_date,
        max(added_date) as last_added_date,
        min(case when is_seen then passing_date end) as first_passing_date,
        max(case when is_seen then passing_date end) as last_passing_date
    from changes
    group by 1, 2

),

accumulated as (

    select
        customer_id,
        number_from,
        period_order_count,
        period_net_revenue_amount,
        sum(day_delta) over so_far as purchase_day_count,
        {% for window in ['rfm', 'value'] if same_windows[window] == window %}
        sum({{ window }}_order_delta) over so_far as {{ window }}_order_count,
        sum({{ window }}_net_delta) over so_far as {{ window }}_amount,
        {% endfor %}
        sum(abc_delta) over so_far as abc_amount,
        least(min(first_added_date) over so_far, first_passing_date) as first_order_date,
        greatest(max(last_added_date) over so_far, last_passing_date) as last_order_date,
        lead(number_from) over so_far as next_number
    from summed
    window so_far as (partition by customer_id order by number_from)

),

{# What holds until the next change stands in every period up to it. #}
repeated as (

    select
        accumulated.*,
        coalesce(int_customers_unioned.is_opted_out_of_profiling, false)
            as is_opted_out_of_profiling,
        {{ tierwise.numbers_between(
            'number_from', 'coalesce(next_number - 1, last_number)'
        ) }} as period_number
    from accumulated
    cross join first_periods
    inner join int_customers_unioned
        on accumulated.customer_id = int_customers_unioned.customer_id
    where accumulated.purchase_day_count > 0

),

final as (

    select
        periods.period_end_date,
        repeated.customer_id,
        repeated.first_order_date,
        repeated.last_order_date,
        cast(repeated.rfm_order_count as bigint) as rfm_order_count,
        cast(repeated.rfm_amount as decimal(18, 2)) as rfm_net_revenue_amount,
        cast(repeated.{{ same_windows['value'] }}_order_count as bigint) as value_order_count,
        cast(repeated.{{ same_windows['value'] }}_amount as decimal(18, 2)) as value_amount,
        cast(repeated.abc_amount as decimal(18, 2)) as abc_amount,
        cast(repeated.purchase_day_count as bigint) as purchase_day_count,
        case
            when periods.period_number = repeated.number_from then repeated.period_order_count
            else 0
        end as period_order_count,
        cast(case
            when periods.period_number = repeated.number_from
                then repeated.period_net_revenue_amount
            else 0
        end as decimal(18, 2)) as period_net_revenue_amount,
        periods.period_fingerprint,
        cast({{ tierwise.days_between('last_order_date', 'period_end_date') }} as integer)
            as recency_days,
        repeated.is_opted_out_of_profiling
    from repeated
    inner join periods
        on repeated.period_number = periods.period_number

)

select * from final
