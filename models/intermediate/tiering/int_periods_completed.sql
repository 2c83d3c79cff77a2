{{ config(materialized='view') }}

with

util_periods as (

    select * from {{ ref('util_periods') }}

),

calendar as (

    select
        period_end_date,
        previous_period_end_date,
        period_number,
        {{ tierwise.period_ends(
            tierwise.setting('tier_period'), 'period_end_date', 'period_end_date'
        ) }} as calendar_end_date
    from util_periods
    where period_end_date is not null

),

final as (

    select
        period_end_date,
        previous_period_end_date,
        period_number,
        period_end_date = calendar_end_date as is_complete_period
    from calendar

)

select * from final
