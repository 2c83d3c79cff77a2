{#
    Equal customers are treated equally: equal values share a score, a class and a rank, and a better value never has a
    worse score. A score by row number would break this without changing a single total.
#}
{% set dimensions = {
    'r_score': '-recency_days', 'f_score': 'rfm_order_count', 'm_score': 'rfm_monetary_amount'
} %}

with

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

fct_customer_abc_classes as (

    select * from {{ ref('fct_customer_abc_classes') }}

),

fct_product_abc_classes as (

    select * from {{ ref('fct_product_abc_classes') }}

),

scored as (

    {% for score, value in dimensions.items() %}
    select
        as_of_date,
        '{{ score }}' as subject,
        cast({{ value }} as decimal(18, 2)) as subject_value,
        {{ score }} as score
    from fct_customer_rfm_scores
    union all
    {% endfor %}
    {% for subject in ['customer', 'product'] %}
    select
        as_of_date,
        'class of {{ subject }}' as subject,
        metric_amount as subject_value,
        -ascii(abc_class) as score
    from fct_{{ subject }}_abc_classes
    union all
    select
        as_of_date,
        'rank of {{ subject }}' as subject,
        metric_amount as subject_value,
        -abc_rank as score
    from fct_{{ subject }}_abc_classes
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

by_value as (

    select
        as_of_date,
        subject,
        subject_value,
        min(score) as lowest_score,
        max(score) as highest_score
    from scored
    group by 1, 2, 3

),

compared as (

    select
        *,
        lag(highest_score) over (
            partition by as_of_date, subject
            order by subject_value asc
        ) as score_of_the_value_below
    from by_value

),

final as (

    select *
    from compared
    where
        lowest_score <> highest_score
        or lowest_score < score_of_the_value_below

)

select * from final
