{% set metric = tierwise.active_policy().metric %}
{% set point_count = 3 if metric == 'rfm_level_total' else tierwise.setting('rfm_score_count') %}
{% set adds_points = metric in ['rfm_total', 'rfm_level_total'] %}
{% set has_scores = metric == 'rfm_total' %}
{% set orders_are_banded = has_scores and tierwise.setting('rfm_frequency_method') == 'bands' %}
{% set amounts_are_banded = has_scores and tierwise.setting('rfm_monetary_method') == 'bands' %}
{% set least_orders = 'cast(ceil(f_limit) as bigint)' if orders_are_banded
    else 'cast(floor(f_limit) as bigint) + 1' %}
{% set least_amount = tierwise.cents_reaching('m_limit', not amounts_are_banded) if adds_points
    else tierwise.cents_reaching('next_cut_off_value', false) %}
{% set amount = 'rfm_monetary_amount' if adds_points
    else ('cast(metric_value as decimal(18, 2))' if metric in ['revenue', 'abc_amount'] else 'null') %}
{% set dimensions = {'r': 'recency', 'f': 'frequency', 'm': 'monetary'} %}

with

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_customer_periods_compared as (

    select * from {{ ref('int_customer_periods_compared') }}

),

cut_points as (

    select * from {{ ref('int_period_cut_points_computed') }}

),

latest as (

    select
        period_end_date,
        previous_period_end_date
    from util_periods
    where is_latest_period

),

{# Cut points in ascending order that the value is above; few days since the last order are best. #}
passed as (

    select
        int_customer_periods_compared.*,
        {{ point_count }} - int_customer_periods_compared.r_points as r_passed,
        int_customer_periods_compared.f_points - 1 as f_passed,
        int_customer_periods_compared.m_points - 1 as m_passed,
        {% if adds_points %}
        cast(ceil(
            int_customer_periods_compared.next_cut_off_value
            - int_customer_periods_compared.metric_value
        ) as bigint) as needed_points
        {% else %}
        cast(null as bigint) as needed_points
        {% endif %}
    from int_customer_periods_compared
    inner join latest
        on
            int_customer_periods_compared.period_end_date = latest.period_end_date
            or int_customer_periods_compared.period_end_date = latest.previous_period_end_date

),

bounded as (

    select
        passed.*,
        {% for letter, dimension in dimensions.items() %}
        {{ tierwise.point_cut(dimension, letter ~ '_passed') }} as {{ letter }}_lower_cut,
        {{ tierwise.point_cut(dimension, letter ~ '_passed + 1') }} as {{ letter }}_upper_cut,
        {% endfor %}
        {{ tierwise.point_cut('recency', 'r_passed - passed.needed_points + 1') }} as r_limit,
        {{ tierwise.point_cut('frequency', 'f_passed + passed.needed_points') }} as f_limit,
        {{ tierwise.point_cut('monetary', 'm_passed + passed.needed_points') }} as m_limit
    from passed
    inner join cut_points
        on passed.period_end_date = cut_points.period_end_date

),

{# How far each dimension alone is from the next tier. No purchase makes it fewer than 0 days. #}
final as (

    select
        period_end_date,
        is_latest_period,
        customer_id,
        policy_name,
        tier_code,
        tier_rank,
        candidate_tier_rank,
        previous_tier_code,
        reason_code,
        metric_value,
        previous_metric_value,
        cut_off_value,
        next_cut_off_value,
        value_amount,
        {% for column in ['recency_days', 'rfm_order_count', 'rfm_monetary_amount'] %}
        {{ column }},
        previous_{{ column }},
        {% endfor %}
        {% for letter in dimensions %}
        {{ letter }}_score,
        {{ letter }}_points,
        previous_{{ letter }}_points,
        {{ letter }}_lower_cut,
        {{ letter }}_upper_cut,
        {% endfor %}
        next_cut_off_value - metric_value as missing_points,
        case when r_limit >= 0 then recency_days - cast(floor(r_limit) as integer) end
            as missing_days,
        {{ least_orders }} - rfm_order_count as missing_orders,
        cast({{ least_amount }} - {{ amount }} as decimal(18, 2)) as missing_amount
    from bounded

)

select * from final
