with

int_clv_errors_totalled as (

    select * from {{ ref('int_clv_errors_totalled') }}

),

int_clv_weeks_totalled as (

    select * from {{ ref('int_clv_weeks_totalled') }}

),

int_clv_models_selected as (

    select * from {{ ref('int_clv_models_selected') }}

),

int_clv_revenue_covered as (

    select * from {{ ref('int_clv_revenue_covered') }}

),

bucketed as (

    select
        as_of_date,
        clv_group,
        model_name,
        is_baseline,
        breakdown,
        bucket,
        customer_count,
        cast(actual_orders as bigint) as actual_order_count,
        cast(expected_orders as double) as expected_orders,
        {{ tierwise.share('absolute_error', 'customer_count') }} as mean_absolute_error,
        sqrt({{ tierwise.share('squared_error', 'customer_count') }}) as root_mean_squared_error,
        {{ tierwise.holdout_error(
            'expected_orders', 'actual_orders', 'absolute_error', 'customer_count'
        ) }} as holdout_error,
        {{ tierwise.correlation(
            'customer_count', 'expected_orders', 'actual_orders',
            'squared_expected', 'squared_actual', 'product'
        ) }} as orders_correlation,
        cast(covered_customers as double) / cast(customer_count as double)
            as interval_coverage_share,
        cast(central_customers as double) / cast(customer_count as double)
            as interval_probability_share
    from int_clv_errors_totalled
    union all
    select
        as_of_date,
        clv_group,
        model_name,
        false as is_baseline,
        'week' as breakdown,
        week_number as bucket,
        cast(null as bigint) as customer_count,
        actual_orders as actual_order_count,
        cast(expected_orders as double) as expected_orders,
        cast(null as double) as mean_absolute_error,
        cast(null as double) as root_mean_squared_error,
        cast(null as double) as holdout_error,
        cast(null as double) as orders_correlation,
        cast(null as double) as interval_coverage_share,
        cast(null as double) as interval_probability_share
    from int_clv_weeks_totalled

),

final as (

    select
        bucketed.as_of_date,
        bucketed.clv_group,
        bucketed.model_name,
        bucketed.is_baseline,
        bucketed.breakdown,
        bucketed.bucket,
        bucketed.customer_count,
        bucketed.actual_order_count,
        bucketed.expected_orders,
        bucketed.mean_absolute_error,
        bucketed.root_mean_squared_error,
        bucketed.holdout_error,
        bucketed.orders_correlation,
        bucketed.interval_coverage_share,
        bucketed.interval_probability_share,
        int_clv_models_selected.model_name is not null as is_selected,
        case
            when bucketed.breakdown = 'overall'
                then int_clv_revenue_covered.revenue_coverage_share
        end as revenue_coverage_share
    from bucketed
    left join int_clv_models_selected
        on
            bucketed.as_of_date = int_clv_models_selected.as_of_date
            and bucketed.clv_group = int_clv_models_selected.clv_group
            and bucketed.model_name = int_clv_models_selected.model_name
    left join int_clv_revenue_covered
        on
            bucketed.as_of_date = int_clv_revenue_covered.as_of_date
            and bucketed.clv_group = int_clv_revenue_covered.clv_group
            and bucketed.model_name = int_clv_revenue_covered.model_name

)

select * from final
