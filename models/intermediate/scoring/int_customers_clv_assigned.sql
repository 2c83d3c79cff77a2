{{ config(materialized='view') }}

with

int_customers_clv_grouped as (

    select * from {{ ref('int_customers_clv_grouped') }}

),

int_clv_models_selected as (

    select * from {{ ref('int_clv_models_selected') }}

),

{# Where nothing fits a group, what fits everyone predicts: as for groups too thin for a fit. #}
served as (

    select
        int_customers_clv_grouped.as_of_date,
        int_customers_clv_grouped.customer_id,
        case
            when int_clv_models_selected.clv_reason = 'no_model_converged' then 'all'
            else int_customers_clv_grouped.clv_group
        end as clv_group
    from int_customers_clv_grouped
    inner join int_clv_models_selected
        on
            int_customers_clv_grouped.as_of_date = int_clv_models_selected.as_of_date
            and int_customers_clv_grouped.clv_group = int_clv_models_selected.clv_group

),

final as (

    select
        served.as_of_date,
        served.customer_id,
        served.clv_group,
        int_clv_models_selected.clv_method,
        int_clv_models_selected.clv_reason
    from served
    inner join int_clv_models_selected
        on
            served.as_of_date = int_clv_models_selected.as_of_date
            and served.clv_group = int_clv_models_selected.clv_group

)

select * from final
