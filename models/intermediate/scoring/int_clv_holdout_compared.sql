{{ config(materialized='view') }}

{% set holdout_days = tierwise.setting('clv_holdout_days') %}

with

int_clv_cells_counted as (

    select * from {{ ref('int_clv_cells_counted') }}

),

int_clv_holdout_predicted as (

    select * from {{ ref('int_clv_holdout_predicted') }}

),

int_clv_hiatus_tuned as (

    select * from {{ ref('int_clv_hiatus_tuned') }}

),

populations as (

    select
        as_of_date,
        clv_group,
        {{ tierwise.share(
            'sum(repeat_day_count * customer_count)', 'sum(customer_age_days * customer_count)'
        ) }} as daily_orders
    from int_clv_cells_counted
    where fit_window = 'calibration'
    group by 1, 2

),

{# What can be said without a model: each at the rate so far, the same unless too long unseen, all
   at the mean rate. For that few of the histories differ. #}
rated as (

    select
        int_clv_cells_counted.as_of_date,
        int_clv_cells_counted.clv_group,
        int_clv_cells_counted.repeat_day_count,
        int_clv_cells_counted.holdout_day_count,
        coalesce({{ tierwise.repeat_rate() }}, 0) as daily_orders,
        populations.daily_orders as mean_daily_orders,
        int_clv_cells_counted.customer_age_days - int_clv_cells_counted.last_repeat_days
        <= int_clv_hiatus_tuned.hiatus_days as is_taken_for_active,
        sum(int_clv_cells_counted.customer_count) as customer_count
    from int_clv_cells_counted
    inner join populations
        on
            int_clv_cells_counted.as_of_date = populations.as_of_date
            and int_clv_cells_counted.clv_group = populations.clv_group
    inner join int_clv_hiatus_tuned
        on
            int_clv_cells_counted.as_of_date = int_clv_hiatus_tuned.as_of_date
            and int_clv_cells_counted.clv_group = int_clv_hiatus_tuned.clv_group
    where int_clv_cells_counted.fit_window = 'calibration'
    group by 1, 2, 3, 4, 5, 6, 7

),

predicted as (

    {% for name, daily_orders in {
        'same_rate': 'daily_orders',
        'hiatus_rule': 'case when is_taken_for_active then daily_orders else 0 end',
        'population_mean': 'mean_daily_orders',
    }.items() %}
    select
        as_of_date,
        clv_group,
        '{{ name }}' as model_name,
        true as is_baseline,
        repeat_day_count,
        holdout_day_count,
        customer_count,
        {{ daily_orders }} * {{ holdout_days }} as expected_orders,
        cast(null as boolean) as is_covered,
        cast(null as double) as central_share
    from rated
    union all
    {% endfor %}
    select
        as_of_date,
        clv_group,
        model_name,
        false as is_baseline,
        repeat_day_count,
        holdout_day_count,
        customer_count,
        expected_orders,
        holdout_day_count between orders_lower and orders_upper as is_covered,
        {{ tierwise.central_share('cdf_below', 'cdf_at') }} as central_share
    from int_clv_holdout_predicted

),

{# Sums of doubles depend on the order of the rows; those of decimals do not. #}
final as (

    select
        as_of_date,
        clv_group,
        model_name,
        is_baseline,
        repeat_day_count,
        cast(holdout_day_count as decimal(6, 0)) as actual_orders,
        cast(customer_count as decimal(10, 0)) as customer_count,
        cast(expected_orders as decimal(12, 6)) as expected_orders,
        is_covered,
        cast(central_share as decimal(9, 8)) as central_share
    from predicted

)

select * from final
