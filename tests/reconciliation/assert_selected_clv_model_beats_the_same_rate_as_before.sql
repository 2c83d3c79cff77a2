{#
    A model that foretells the holdout worse than everybody's rate so far is worth less than no model: predictions of it
    must not leave the project. Name another with the setting clv_model, population_mean if none is better.
#}
with

rpt_clv_backtest as (

    select * from {{ ref('rpt_clv_backtest') }}

),

final as (

    select
        selected.as_of_date,
        selected.clv_group,
        selected.model_name,
        selected.holdout_error,
        same_rate.holdout_error as holdout_error_of_same_rate
    from rpt_clv_backtest as selected
    inner join rpt_clv_backtest as same_rate
        on
            selected.as_of_date = same_rate.as_of_date
            and selected.clv_group = same_rate.clv_group
            and selected.breakdown = same_rate.breakdown
    where
        selected.breakdown = 'overall'
        and selected.is_selected
        and not selected.is_baseline
        and same_rate.model_name = 'same_rate'
        and selected.holdout_error > same_rate.holdout_error

)

select * from final
