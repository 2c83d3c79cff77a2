with

int_clv_holdout_compared as (

    select * from {{ ref('int_clv_holdout_compared') }}

),

predictions as (

    select
        as_of_date,
        model_name,
        clv_group,
        expected_orders,
        sum(customer_count) as customer_count
    from int_clv_holdout_compared
    group by 1, 2, 3, 4

),

{# Equal predictions share a decile, that of the first of them. #}
deciles as (

    select
        as_of_date,
        model_name,
        clv_group,
        expected_orders,
        cast(floor(10 * {{ tierwise.share(
            'sum(customer_count) over (
                partition by as_of_date, clv_group, model_name
                order by expected_orders asc
            ) - customer_count',
            'sum(customer_count) over (partition by as_of_date, clv_group, model_name)'
        ) }}) as integer) + 1 as decile
    from predictions

),

bucketed as (

    {% for breakdown, bucket in {
        'overall': '0',
        'frequency': 'cast(least(int_clv_holdout_compared.repeat_day_count, 7) as integer)',
        'decile': 'deciles.decile',
    }.items() %}
    select
        int_clv_holdout_compared.*,
        '{{ breakdown }}' as breakdown,
        {{ bucket }} as bucket
    from int_clv_holdout_compared
    {% if breakdown == 'decile' %}
    inner join deciles
        on
            int_clv_holdout_compared.as_of_date = deciles.as_of_date
            and int_clv_holdout_compared.clv_group = deciles.clv_group
            and int_clv_holdout_compared.model_name = deciles.model_name
            and int_clv_holdout_compared.expected_orders = deciles.expected_orders
    {% endif %}
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
        sum(actual_orders * customer_count) as actual_orders,
        sum(expected_orders * customer_count) as expected_orders,
        sum(abs(expected_orders - actual_orders) * customer_count) as absolute_error,
        sum((expected_orders - actual_orders) * (expected_orders - actual_orders) * customer_count)
            as squared_error,
        sum(actual_orders * actual_orders * customer_count) as squared_actual,
        sum(expected_orders * expected_orders * customer_count) as squared_expected,
        sum(expected_orders * actual_orders * customer_count) as product,
        sum(case when is_covered then customer_count end) as covered_customers,
        sum(central_share * customer_count) as central_customers
    from bucketed
    group by 1, 2, 3, 4, 5, 6

)

select * from final
