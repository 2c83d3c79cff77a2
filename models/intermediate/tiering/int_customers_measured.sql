{{ config(materialized='view') }}

with

int_customer_periods_valued as (

    select * from {{ ref('int_customer_periods_valued') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

{# Whole cents, so that nothing is rounded on the way to Python. #}
final as (

    select
        int_customer_periods_valued.period_end_date as as_of_date,
        int_customer_periods_valued.customer_id,
        int_customer_periods_valued.recency_days,
        int_customer_periods_valued.rfm_order_count,
        {% for column in ['rfm_monetary_amount', 'value_amount', 'abc_amount'] %}
        cast(100 * cast(int_customer_periods_valued.{{ column }} as decimal(28, 2)) as bigint)
            as {{ column | replace('_amount', '_cents') }},
        {% endfor %}
        cast(100 * cast(fct_customer_clv.clv_amount as decimal(28, 2)) as bigint) as clv_cents
    from int_customer_periods_valued
    inner join util_periods
        on
            int_customer_periods_valued.period_end_date = util_periods.period_end_date
            and util_periods.is_latest_period
    left join fct_customer_clv
        on
            int_customer_periods_valued.period_end_date = fct_customer_clv.as_of_date
            and int_customer_periods_valued.customer_id = fct_customer_clv.customer_id

)

select * from final
