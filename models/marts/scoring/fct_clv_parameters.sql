with

int_clv_models_fitted as (

    select * from {{ ref('int_clv_models_fitted') }}

),

int_clv_models_selected as (

    select * from {{ ref('int_clv_models_selected') }}

),

final as (

    select
        int_clv_models_fitted.as_of_date,
        int_clv_models_fitted.fit_window,
        int_clv_models_fitted.clv_group,
        int_clv_models_fitted.model_name,
        int_clv_models_fitted.parameter_name,
        int_clv_models_fitted.parameter_rank,
        int_clv_models_fitted.parameter_value,
        int_clv_models_fitted.standard_error,
        int_clv_models_fitted.parameter_unit,
        int_clv_models_fitted.log_likelihood,
        int_clv_models_fitted.customer_count,
        int_clv_models_fitted.cell_count,
        int_clv_models_fitted.iteration_count,
        int_clv_models_fitted.gradient_norm,
        int_clv_models_fitted.is_converged,
        int_clv_models_fitted.spend_frequency_correlation,
        nullif(int_clv_models_fitted.failure_reason, '') as failure_reason,
        int_clv_models_selected.model_name is not null as is_selected
    from int_clv_models_fitted
    left join int_clv_models_selected
        on
            int_clv_models_fitted.as_of_date = int_clv_models_selected.as_of_date
            and int_clv_models_fitted.clv_group = int_clv_models_selected.clv_group
            and int_clv_models_fitted.model_name = int_clv_models_selected.model_name

)

select * from final
