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

natural_breaks as (

    select
        cast(as_of_date as date) as as_of_date,
        dimension,
        'natural_breaks' as scoring_method,
        cut_number,
        cut_value,
        is_exact
    from int_rfm_natural_breaks_fitted

),

all_cut_points as (

    {% for dimension in dimensions %}
    {% set scoring_method = tierwise.setting('rfm_' ~ dimension ~ '_method') %}
    {% set bands = tierwise.setting('rfm_' ~ dimension ~ '_bands') %}
    {% for number in range(1, score_count) if scoring_method != 'natural_breaks' %}
    select
        as_of_date,
        '{{ dimension }}' as dimension,
        '{{ scoring_method }}' as scoring_method,
        {{ number }} as cut_number,
        {{ bands[number - 1] if scoring_method == 'bands' else dimension ~ '_' ~ number }}
            as cut_value,
        true as is_exact
    from quantiles
    union all
    {% endfor %}
    {% endfor %}
    select *
    from natural_breaks
    where
        false
        {% for dimension in dimensions
            if tierwise.setting('rfm_' ~ dimension ~ '_method') == 'natural_breaks' %}
        or dimension = '{{ dimension }}'
        {% endfor %}

),

final as (

    select
        as_of_date,
        dimension,
        scoring_method,
        cast(cut_number as integer) as cut_number,
        cast(cut_value as double) as cut_value,
        {# Bands of frequency and monetary value name the first value above the cut, all others
           the last one below. #}
        scoring_method = 'bands' and dimension <> 'recency' as is_lower_bound,
        is_exact
    from all_cut_points

)

select * from final
