{% set dimensions = {
    'recency': 'recency_days', 'frequency': 'rfm_order_count', 'monetary': 'rfm_monetary_amount'
} %}

with

int_customers_rfm_valued as (

    select * from {{ ref('int_customers_rfm_valued') }}

),

final as (

    {# Natural breaks look at distinct values with counts, and only in dimensions that are
       scored by them. #}
    {% for dimension, column in dimensions.items() %}
    select
        as_of_date,
        '{{ dimension }}' as dimension,
        cast({{ column }} as double) as dimension_value,
        count(*) as customer_count
    from int_customers_rfm_valued
    {% set method = tierwise.setting('rfm_' ~ dimension ~ '_method') %}
    where {{ 'true' if method == 'natural_breaks' else 'false' }}
    group by 1, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
