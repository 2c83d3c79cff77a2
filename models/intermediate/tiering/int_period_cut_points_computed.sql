{% set score_count = tierwise.setting('rfm_score_count') %}
{% set dimensions = {
    'recency': 'recency_days', 'frequency': 'rfm_order_count', 'monetary': 'rfm_monetary_amount'
} %}
{% set has_levels = 'rfm_level_total'
    in tierwise.setting('tier_policies').values() | map(attribute='metric') | list %}

with

int_customer_periods_valued as (

    select * from {{ ref('int_customer_periods_valued') }}

),

int_period_breaks_fitted as (

    select * from {{ ref('int_period_breaks_fitted') }}

),

quantiles as (

    select
        period_end_date,
        {% for dimension, column in dimensions.items() %}
        {% if tierwise.setting('rfm_' ~ dimension ~ '_method') == 'quantile' %}
        {{ tierwise.quantile_list(column, score_count) }} as {{ dimension }}_cuts,
        {% endif %}
        {% if has_levels %}
        {{ tierwise.quantile_list(column, 3) }} as {{ dimension }}_level_cuts,
        {% endif %}
        {% endfor %}
        count(*) as customer_count
    from int_customer_periods_valued
    group by 1

),

breaks as (

    select
        cast(period_end_date as date) as period_end_date,
        {% for dimension in dimensions %}
        {% for number in range(1, score_count) %}
        max(
            case
                when value_name = 'rfm_{{ dimension }}' and cut_number = {{ number }} then cut_value
            end
        ) as {{ dimension }}_{{ number }},
        {% endfor %}
        {% endfor %}
        count(*) as break_count
    from int_period_breaks_fitted
    group by 1

),

{# One row per period, so that scoring compares values on the spot. #}
final as (

    select
        quantiles.period_end_date,
        {% for dimension in dimensions %}
        {% set method = tierwise.setting('rfm_' ~ dimension ~ '_method') %}
        {% for number in range(1, score_count) %}
        cast({{ {
            'quantile': tierwise.exact_quantile(
                tierwise.list_element('quantiles.' ~ dimension ~ '_cuts', number), score_count
            ),
            'bands': tierwise.setting('rfm_' ~ dimension ~ '_bands')[number - 1],
            'natural_breaks': 'breaks.' ~ dimension ~ '_' ~ number,
        }[method] }} as double) as {{ dimension }}_{{ number }},
        {% endfor %}
        {% for number in [1, 2] %}
        cast(
            {{ tierwise.exact_quantile(
                tierwise.list_element('quantiles.' ~ dimension ~ '_level_cuts', number), 3
            ) if has_levels else 'null' }} as double
        ) as {{ dimension }}_level_{{ number }},
        {% endfor %}
        {% endfor %}
        quantiles.customer_count,
        coalesce(breaks.break_count, 0) as break_count
    from quantiles
    left join breaks
        on quantiles.period_end_date = breaks.period_end_date

)

select * from final
