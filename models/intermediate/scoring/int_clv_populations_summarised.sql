with

int_clv_cells_counted as (

    select * from {{ ref('int_clv_cells_counted') }}

),

int_clv_spend_counted as (

    select * from {{ ref('int_clv_spend_counted') }}

),

int_clv_models_fitted as (

    select * from {{ ref('int_clv_models_fitted') }}

),

counted as (

    select
        as_of_date,
        clv_group,
        sum(
            case
                when fit_window = 'calibration' and repeat_day_count > 0 then customer_count
                else 0
            end
        ) as repeat_customer_count,
        max(case when fit_window = 'full' then customer_age_days end) as history_days,
        {{ tierwise.share(
            "sum(case when fit_window = 'full' then repeat_day_count * customer_count end)",
            "sum(case when fit_window = 'full' then customer_age_days * customer_count end)"
        ) }} as daily_orders
    from int_clv_cells_counted
    group by 1, 2

),

spent as (

    select
        as_of_date,
        clv_group,
        {{ tierwise.share(
            'sum(repeat_net_amount * cast(customer_count as decimal(10, 0)))',
            'sum(repeat_day_count * customer_count)'
        ) }} as mean_order_value
    from int_clv_spend_counted
    where fit_window = 'full'
    group by 1, 2

),

spend_models as (

    select
        as_of_date,
        clv_group,
        max(case when parameter_name = 'p' then parameter_value end) as spend_p,
        max(case when parameter_name = 'q' then parameter_value end) as spend_q,
        max(case when parameter_name = 'gamma' then parameter_value end) as spend_gamma,
        max(spend_frequency_correlation) as spend_frequency_correlation
    from int_clv_models_fitted
    where
        model_name = 'gamma_gamma'
        and fit_window = 'full'
        and is_converged
    group by 1, 2

),

{# With q of 1 or less a customer without a repeat would be expected to spend without bound. #}
final as (

    select
        counted.as_of_date,
        counted.clv_group,
        counted.daily_orders,
        spend_models.spend_p,
        spend_models.spend_q,
        spend_models.spend_gamma,
        spend_models.spend_frequency_correlation,
        cast(counted.repeat_customer_count as bigint) as repeat_customer_count,
        cast(counted.history_days as integer) as history_days,
        coalesce(spent.mean_order_value, 0) as mean_order_value,
        case when spend_models.spend_q > 1 then 'gamma_gamma' else 'population_mean' end
            as spend_method
    from counted
    left join spent
        on
            counted.as_of_date = spent.as_of_date
            and counted.clv_group = spent.clv_group
    left join spend_models
        on
            counted.as_of_date = spend_models.as_of_date
            and counted.clv_group = spend_models.clv_group
    where counted.history_days is not null

)

select * from final
