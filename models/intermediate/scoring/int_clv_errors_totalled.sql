with

int_clv_holdout_compared as (

    select * from {{ ref('int_clv_holdout_compared') }}

),

ranked as (

    select
        *,
        cast(least(repeat_day_count, 7) as integer) as frequency,
        sum(customer_count) over (
            partition by as_of_date, clv_group, model_name
            order by expected_orders desc
        ) as customers_from_here,
        sum(customer_count) over (partition by as_of_date, clv_group, model_name) as customers
    from int_clv_holdout_compared

),

{# Equal predictions share a decile, that of the first of them. Squares of a million customers do
   not fit into the 18 digits in which DuckDB multiplies decimals up to that width, so one factor is
   wider. Not both: Spark would round. #}
bucketed as (

    select
        *,
        cast(expected_orders - actual_orders as decimal(19, 6)) as wide_error,
        cast(expected_orders as decimal(19, 6)) as wide_expected,
        cast(floor(
            10 * {{ tierwise.share('customers - customers_from_here', 'customers') }}
        ) as integer) + 1 as decile
    from ranked

),

{# Added up once by both, then by each. #}
totalled as (

    select
        as_of_date,
        clv_group,
        model_name,
        is_baseline,
        frequency,
        decile,
        sum(customer_count) as customer_count,
        sum(actual_orders * customer_count) as actual_orders,
        sum(expected_orders * customer_count) as expected_orders,
        sum(abs(expected_orders - actual_orders) * customer_count) as absolute_error,
        sum(
            cast(wide_error * (expected_orders - actual_orders) as decimal(20, 12)) * customer_count
        ) as squared_error,
        sum(actual_orders * actual_orders * customer_count) as squared_actual,
        sum(cast(wide_expected * expected_orders as decimal(20, 12)) * customer_count)
            as squared_expected,
        sum(expected_orders * actual_orders * customer_count) as product,
        sum(case when is_covered then customer_count end) as covered_customers,
        sum(central_share * customer_count) as central_customers
    from bucketed
    group by 1, 2, 3, 4, 5, 6

),

broken_down as (

    {% for breakdown, bucket in {
        'overall': '0', 'frequency': 'frequency', 'decile': 'decile'
    }.items() %}
    select
        *,
        '{{ breakdown }}' as breakdown,
        {{ bucket }} as bucket
    from totalled
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        as_of_date,
        clv_group,
        model_name,
        is_baseline,
        breakdown,
        bucket,
        cast(sum(customer_count) as bigint) as customer_count,
        sum(actual_orders) as actual_orders,
        sum(expected_orders) as expected_orders,
        sum(absolute_error) as absolute_error,
        sum(squared_error) as squared_error,
        sum(squared_actual) as squared_actual,
        sum(squared_expected) as squared_expected,
        sum(product) as product,
        sum(covered_customers) as covered_customers,
        sum(central_customers) as central_customers
    from broken_down
    group by 1, 2, 3, 4, 5, 6

)

select * from final
