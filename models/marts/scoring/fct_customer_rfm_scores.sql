{% set score_count = tierwise.setting('rfm_score_count') %}
{% set weights = tierwise.setting('rfm_weights') %}

with

int_customers_rfm_valued as (

    select * from {{ ref('int_customers_rfm_valued') }}

),

fct_rfm_cut_points as (

    select * from {{ ref('fct_rfm_cut_points') }}

),

dim_rfm_cells as (

    select * from {{ ref('dim_rfm_cells') }}

),

{# One row per date, so that scoring compares values on the spot instead of joining every
   customer to every cut. #}
cut_points as (

    select
        as_of_date,
        {% for dimension in ['recency', 'frequency', 'monetary'] %}
        {% for number in range(1, score_count) %}
        max(
            case when dimension = '{{ dimension }}' and cut_number = {{ number }} then cut_value end
        ) as {{ dimension }}_{{ number }},
        {% endfor %}
        {% endfor %}
        count(*) as cut_point_count
    from fct_rfm_cut_points
    group by 1

),

{# Where natural breaks find a single value there is no cut point at all, and everybody keeps a
   score. #}
scored as (

    select
        int_customers_rfm_valued.*,
        {{ tierwise.rfm_score('recency', 'int_customers_rfm_valued.recency_days') }} as r_score,
        {{ tierwise.rfm_score(
            'frequency', 'int_customers_rfm_valued.rfm_order_count'
        ) }} as f_score,
        {{ tierwise.rfm_score(
            'monetary', 'int_customers_rfm_valued.rfm_monetary_amount'
        ) }} as m_score
    from int_customers_rfm_valued
    left join cut_points
        on int_customers_rfm_valued.as_of_date = cut_points.as_of_date

),

segments as (

    select
        r_score,
        f_score,
        m_score,
        max(case when vocabulary = 'eleven' then segment_code end) as segment_code,
        max(case when vocabulary = 'eight' then segment_code end) as value_segment_code
    from dim_rfm_cells
    group by 1, 2, 3

),

final as (

    select
        scored.as_of_date,
        scored.customer_id,
        scored.recency_days,
        scored.rfm_order_count,
        scored.rfm_monetary_amount,
        cast(scored.r_score as integer) as r_score,
        cast(scored.f_score as integer) as f_score,
        cast(scored.m_score as integer) as m_score,
        {{ tierwise.rfm_cell('scored.r_score', 'scored.f_score', 'scored.m_score') }} as rfm_cell,
        cast(scored.r_score + scored.f_score + scored.m_score as integer) as rfm_total_score,
        cast(
            (
                scored.r_score * {{ weights.recency }}
                + scored.f_score * {{ weights.frequency }}
                + scored.m_score * {{ weights.monetary }}
            ) / cast({{ weights.values() | sum }} as double) as double
        ) as rfm_weighted,
        segments.segment_code,
        segments.value_segment_code
    from scored
    left join segments
        on
            scored.r_score = segments.r_score
            and scored.f_score = segments.f_score
            and scored.m_score = segments.m_score

)

select * from final
