{% set score_count = tierwise.setting('rfm_score_count') %}

with

rfm_segment_map as (

    select * from {{ ref('rfm_segment_map') }}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

scores as (

    {% for score in range(1, score_count + 1) %}
    select
        {{ score }} as score,
        {{ tierwise.five_point_score(score, score_count) }} as five_point_score
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

cells as (

    select
        recency.score as r_score,
        frequency.score as f_score,
        monetary.score as m_score,
        recency.five_point_score as r_five_point,
        frequency.five_point_score as f_five_point,
        monetary.five_point_score as m_five_point
    from scores as recency
    cross join scores as frequency
    cross join scores as monetary

),

{# Rectangles may overlap on purpose: the one with the lowest priority number decides. #}
matched as (

    select
        cells.r_score,
        cells.f_score,
        cells.m_score,
        rfm_segment_map.vocabulary,
        rfm_segment_map.segment_code,
        row_number() over (
            partition by rfm_segment_map.vocabulary, cells.r_score, cells.f_score, cells.m_score
            order by rfm_segment_map.priority asc, rfm_segment_map.segment_code asc
        ) as match_number
    from cells
    inner join rfm_segment_map
        on
            {{ tierwise.is_in_rectangle('cells', 'rfm_segment_map') }}

),

final as (

    select
        matched.vocabulary,
        {{ tierwise.rfm_cell(
            'matched.r_score', 'matched.f_score', 'matched.m_score'
        ) }} as rfm_cell,
        cast(matched.r_score as integer) as r_score,
        cast(matched.f_score as integer) as f_score,
        cast(matched.m_score as integer) as m_score,
        matched.segment_code,
        rfm_segments.segment_label_en,
        rfm_segments.segment_label_zh
    from matched
    left join rfm_segments
        on
            matched.vocabulary = rfm_segments.vocabulary
            and matched.segment_code = rfm_segments.segment_code
    where matched.match_number = 1

)

select * from final
