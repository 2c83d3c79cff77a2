{{ config(materialized='view') }}

with

int_customer_periods_valued as (

    select * from {{ ref('int_customer_periods_valued') }}

),

cut_points as (

    select * from {{ ref('int_period_cut_points_computed') }}

),

int_period_values_ranked as (

    select * from {{ ref('int_period_values_ranked') }}

),

final as (

    select
        int_customer_periods_valued.period_end_date,
        int_customer_periods_valued.customer_id,
        int_customer_periods_valued.recency_days,
        int_customer_periods_valued.rfm_order_count,
        int_customer_periods_valued.rfm_monetary_amount,
        int_customer_periods_valued.value_amount,
        int_customer_periods_valued.abc_amount,
        cast({{ tierwise.rfm_score(
            'recency', 'int_customer_periods_valued.recency_days'
        ) }} as integer) as r_score,
        cast({{ tierwise.rfm_score(
            'frequency', 'int_customer_periods_valued.rfm_order_count'
        ) }} as integer) as f_score,
        cast({{ tierwise.rfm_score(
            'monetary', 'int_customer_periods_valued.rfm_monetary_amount'
        ) }} as integer) as m_score,
        {% for indicator in tierwise.index_indicators() %}
        {{ indicator }}_ranks.percentile_rank as {{ indicator }}_percentile_rank,
        {% endfor %}
        cast(
            {{ tierwise.rfm_level('recency', 'int_customer_periods_valued.recency_days') }}
            + {{ tierwise.rfm_level('frequency', 'int_customer_periods_valued.rfm_order_count') }}
            + {{ tierwise.rfm_level(
                'monetary', 'int_customer_periods_valued.rfm_monetary_amount'
            ) }} as integer
        ) as rfm_level_total
    from int_customer_periods_valued
    inner join cut_points
        on int_customer_periods_valued.period_end_date = cut_points.period_end_date
    {% for indicator, column in tierwise.index_indicators().items() %}
    left join int_period_values_ranked as {{ indicator }}_ranks
        on
            int_customer_periods_valued.period_end_date = {{ indicator }}_ranks.period_end_date
            and {{ indicator }}_ranks.value_name = 'index_{{ indicator }}'
            and cast(int_customer_periods_valued.{{ column }} as decimal(28, 2))
            = {{ indicator }}_ranks.counted_value
    {% endfor %}

)

select * from final
