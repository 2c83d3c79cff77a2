{{ config(materialized='view') }}

with

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

{# The tiers people see on the as-of date. #}
final as (

    select
        fct_customer_tier_periods.period_end_date as as_of_date,
        fct_customer_tier_periods.customer_id,
        fct_customer_tier_periods.policy_name,
        fct_customer_tier_periods.policy_version,
        fct_customer_tier_periods.metric_value,
        fct_customer_tier_periods.tier_code,
        fct_customer_tier_periods.candidate_tier_code,
        fct_customer_tier_periods.reason_code
    from fct_customer_tier_periods
    inner join util_as_of_dates
        on fct_customer_tier_periods.period_end_date = util_as_of_dates.as_of_date
    where fct_customer_tier_periods.tier_code is not null

)

select * from final
