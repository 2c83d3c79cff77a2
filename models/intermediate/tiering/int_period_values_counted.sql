{% set columns = {
    'recency': 'recency_days', 'frequency': 'rfm_order_count', 'monetary': 'rfm_monetary_amount'
} %}

with

int_customer_periods_valued as (

    select * from {{ ref('int_customer_periods_valued') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

{# Whoever is counted by value needs no wide sort. A policy of bands needs no values at all. #}
final as (

    {% for dimension, column in columns.items()
        if tierwise.setting('rfm_' ~ dimension ~ '_method') == 'natural_breaks' %}
    select
        period_end_date,
        'rfm_{{ dimension }}' as value_name,
        cast({{ column }} as decimal(28, 2)) as counted_value,
        cast({{ tierwise.setting('rfm_score_count') }} as integer) as class_count,
        count(*) as customer_count
    from int_customer_periods_valued
    group by 1, 3
    union all
    {% endfor %}
    {% for indicator, column in tierwise.index_indicators().items() %}
    select
        period_end_date,
        'index_{{ indicator }}' as value_name,
        cast({{ column }} as decimal(28, 2)) as counted_value,
        cast(null as integer) as class_count,
        count(*) as customer_count
    from int_customer_periods_valued
    group by 1, 3
    union all
    {% endfor %}
    {% for name, policy in tierwise.setting('tier_policies').items() if policy.method != 'bands' %}
    {% set is_clv = policy.metric == 'clv_amount' %}
    {% set class_count = policy.tiers | length if policy.method == 'natural_breaks' else 'null' %}
    select
        {{ 'as_of_date' if is_clv else 'period_end_date' }} as period_end_date,
        'policy_{{ name }}' as value_name,
        cast(
            {{ 'value_amount' if policy.metric == 'revenue' else policy.metric }} as decimal(28, 2)
        ) as counted_value,
        cast({{ class_count }} as integer) as class_count,
        count(*) as customer_count
    from {{ 'fct_customer_clv' if is_clv else 'int_customer_periods_valued' }}
    group by 1, 3
    union all
    {% endfor %}
    select
        cast(null as date) as period_end_date,
        cast(null as string) as value_name,
        cast(null as decimal(28, 2)) as counted_value,
        cast(null as integer) as class_count,
        cast(null as bigint) as customer_count
    where false

)

select * from final
