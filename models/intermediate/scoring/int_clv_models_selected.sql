{% set named_model = tierwise.setting('clv_model') %}

with

int_clv_populations_summarised as (

    select * from {{ ref('int_clv_populations_summarised') }}

),

int_clv_models_fitted as (

    select * from {{ ref('int_clv_models_fitted') }}

),

int_clv_errors_totalled as (

    select * from {{ ref('int_clv_errors_totalled') }}

),

fitted as (

    select
        as_of_date,
        clv_group,
        model_name,
        fit_window
    from int_clv_models_fitted
    where
        parameter_rank = 1
        and is_converged

),

{# Whoever predicts must have converged before the holdout, to be judged, and after it. #}
converged as (

    select
        as_of_date,
        clv_group,
        model_name
    from fitted
    group by 1, 2, 3
    having count(*) = 2

),

judged as (

    select
        converged.as_of_date,
        converged.clv_group,
        converged.model_name,
        {{ tierwise.holdout_error(
            'int_clv_errors_totalled.expected_orders',
            'int_clv_errors_totalled.actual_orders',
            'int_clv_errors_totalled.absolute_error',
            'int_clv_errors_totalled.customer_count',
        ) }} as holdout_error
    from converged
    inner join int_clv_errors_totalled
        on
            converged.as_of_date = int_clv_errors_totalled.as_of_date
            and converged.clv_group = int_clv_errors_totalled.clv_group
            and converged.model_name = int_clv_errors_totalled.model_name
    where
        int_clv_errors_totalled.breakdown = 'overall'
        and '{{ named_model }}' in ('auto', converged.model_name)

),

ranked as (

    select
        *,
        row_number() over (
            partition by as_of_date, clv_group
            order by holdout_error asc, model_name asc
        ) as error_rank
    from judged

),

reasoned as (

    select
        int_clv_populations_summarised.as_of_date,
        int_clv_populations_summarised.clv_group,
        ranked.model_name,
        case
            when '{{ named_model }}' = 'population_mean' then 'named_by_setting'
            when
                int_clv_populations_summarised.repeat_customer_count
                < {{ tierwise.setting('clv_min_repeat_customers') }}
                then 'too_few_repeat_customers'
            when
                int_clv_populations_summarised.history_days
                < {{ tierwise.setting('clv_min_history_days') }}
                then 'history_too_short'
            when ranked.model_name is null then 'no_model_converged'
        end as fallback_reason
    from int_clv_populations_summarised
    left join ranked
        on
            int_clv_populations_summarised.as_of_date = ranked.as_of_date
            and int_clv_populations_summarised.clv_group = ranked.clv_group
            and ranked.error_rank = 1

),

final as (

    select
        as_of_date,
        clv_group,
        case when fallback_reason is null then model_name else 'population_mean' end as model_name,
        case when fallback_reason is null then model_name else 'fallback' end as clv_method,
        coalesce(
            fallback_reason,
            '{{ 'least_holdout_error' if named_model == 'auto' else 'named_by_setting' }}'
        ) as clv_reason
    from reasoned

)

select * from final
