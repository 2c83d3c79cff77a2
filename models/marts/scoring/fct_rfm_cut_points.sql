{% set score_count = tierwise.setting('rfm_score_count') %}
{% set dimensions = {
    'recency': 'recency_days', 'frequency': 'rfm_order_count', 'monetary': 'rfm_monetary_amount'
} %}

with

int_customers_rfm_valued as (

    select * from {{ ref('int_customers_rfm_valued') }}

),

int_rfm_natural_breaks_fitted as (

    select * from {{ ref('int_rfm_natural_breaks_fitted') }}

),

quantiles as (

    select
        as_of_date,
        {% for dimension, column in dimensions.items() %}
        {% for number in range(1, score_count) %}
        {{ tierwise.quantile(column, number, score_count) }} as {{ dimension }}_{{ number }},
        {% endfor %}
        {% endfor %}
        count(*) as customer_count
    from int_customers_rfm_valued
    group by 1

),

all_cut_points as (

    {% for dimension in dimensions %}
    {% set method = tierwise.setting('rfm_' ~ dimension ~ '_method') %}
    {% if method == 'natural_breaks' %}
    select
        cast(as_of_date as date) as as_of_date,
        dimension,
        'natural_breaks' as method,
        cut_number,
        cut_value,
        is_exact
    from int_rfm_natural_breaks_fitted
    where dimension = '{{ dimension }}'
    {{ 'union all' if not loop.last }}
    {% else %}
    {% set bands = tierwise.setting('rfm_' ~ dimension ~ '_bands') %}
    {% for number in range(1, score_count) %}
    select
        as_of_date,
        '{{ dimension }}' as dimension,
        '{{ method }}' as method,
        {{ number }} as cut_number,
        {{ dimension ~ '_' ~ number if method == 'quantile' else bands[number - 1] }} as cut_value,
        true as is_exact
    from quantiles
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endif %}
    {% endfor %}

),

final as (

    select
        as_of_date,
        dimension,
        method,
        cast(cut_number as integer) as cut_number,
        cast(cut_value as double) as cut_value,
        {# Bands of frequency and monetary value name the first value above the cut, all others
           the last one below. #}
        method = 'bands' and dimension <> 'recency' as is_lower_bound,
        is_exact
    from all_cut_points

)

select * from final
