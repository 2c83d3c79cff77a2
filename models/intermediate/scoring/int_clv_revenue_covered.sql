with

int_customers_clv_summarised as (

    select * from {{ ref('int_customers_clv_summarised') }}

),

int_clv_members_grouped as (

    select * from {{ ref('int_clv_members_grouped') }}

),

int_clv_models_selected as (

    select * from {{ ref('int_clv_models_selected') }}

),

int_clv_models_fitted as (

    select * from {{ ref('int_clv_models_fitted') }}

),

int_clv_holdout_predicted as (

    select * from {{ ref('int_clv_holdout_predicted') }}

),

spend_parameters as (

    select
        as_of_date,
        clv_group,
        parameter_value as spend_gamma
    from int_clv_models_fitted
    where
        model_name = 'gamma_gamma'
        and fit_window = 'calibration'
        and parameter_name = 'gamma'
        and is_converged

),

cells as (

    select
        int_clv_holdout_predicted.as_of_date,
        int_clv_holdout_predicted.clv_group,
        int_clv_holdout_predicted.model_name,
        int_clv_holdout_predicted.repeat_day_count,
        int_clv_holdout_predicted.last_repeat_days,
        int_clv_holdout_predicted.customer_age_days,
        max(int_clv_holdout_predicted.spend_lower_factor) as spend_lower_factor,
        max(int_clv_holdout_predicted.spend_upper_factor) as spend_upper_factor
    from int_clv_holdout_predicted
    inner join int_clv_models_selected
        on
            int_clv_holdout_predicted.as_of_date = int_clv_models_selected.as_of_date
            and int_clv_holdout_predicted.clv_group = int_clv_models_selected.clv_group
            and int_clv_holdout_predicted.model_name = int_clv_models_selected.model_name
    group by 1, 2, 3, 4, 5, 6

),

predicted as (

    select
        int_customers_clv_summarised.as_of_date,
        cells.clv_group,
        cells.model_name,
        cells.spend_lower_factor,
        cells.spend_upper_factor,
        int_customers_clv_summarised.holdout_net_amount,
        spend_parameters.spend_gamma
        + int_customers_clv_summarised.calibration_repeat_net_amount as spend_scale
    from int_customers_clv_summarised
    inner join int_clv_members_grouped
        on
            int_customers_clv_summarised.as_of_date = int_clv_members_grouped.as_of_date
            and int_customers_clv_summarised.customer_id = int_clv_members_grouped.customer_id
    inner join cells
        on
            int_customers_clv_summarised.as_of_date = cells.as_of_date
            and int_clv_members_grouped.clv_group = cells.clv_group
            and int_customers_clv_summarised.calibration_repeat_day_count = cells.repeat_day_count
            and int_customers_clv_summarised.calibration_last_repeat_days = cells.last_repeat_days
            and int_customers_clv_summarised.calibration_age_days = cells.customer_age_days
    inner join spend_parameters
        on
            int_customers_clv_summarised.as_of_date = spend_parameters.as_of_date
            and cells.clv_group = spend_parameters.clv_group

),

judged as (

    select
        *,
        holdout_net_amount between spend_lower_factor * spend_scale
        and spend_upper_factor * spend_scale as is_covered
    from predicted

),

final as (

    select
        as_of_date,
        clv_group,
        model_name,
        {{ tierwise.share('sum(case when is_covered then 1 else 0 end)', 'count(*)') }}
            as revenue_coverage_share
    from judged
    group by 1, 2, 3

)

select * from final
