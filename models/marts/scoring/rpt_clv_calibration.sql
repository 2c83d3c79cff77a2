with

int_clv_holdout_predicted as (

    select * from {{ ref('int_clv_holdout_predicted') }}

),

int_clv_models_selected as (

    select * from {{ ref('int_clv_models_selected') }}

),

binned as (

    select
        as_of_date,
        clv_group,
        model_name,
        cast(sum(customer_count) as bigint) as customer_count,
        least(cast(floor(probability_of_order * 10) as integer), 9) as probability_bin,
        sum(
            cast(probability_of_order as decimal(9, 8)) * cast(customer_count as decimal(10, 0))
        ) as expected_customers,
        sum(case when holdout_day_count > 0 then customer_count else 0 end) as actual_customers
    from int_clv_holdout_predicted
    group by 1, 2, 3, 5

),

final as (

    select
        binned.as_of_date,
        binned.clv_group,
        binned.model_name,
        binned.probability_bin,
        binned.customer_count,
        {{ tierwise.share('binned.expected_customers', 'binned.customer_count') }}
            as probability_of_order,
        {{ tierwise.share('binned.actual_customers', 'binned.customer_count') }}
            as actual_order_share,
        int_clv_models_selected.model_name is not null as is_selected
    from binned
    left join int_clv_models_selected
        on
            binned.as_of_date = int_clv_models_selected.as_of_date
            and binned.clv_group = int_clv_models_selected.clv_group
            and binned.model_name = int_clv_models_selected.model_name

)

select * from final
