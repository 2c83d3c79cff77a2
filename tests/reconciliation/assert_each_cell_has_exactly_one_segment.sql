{#
    A gap between the rectangles of the seed would leave customers without a segment, and two rectangles of one priority
    would let the alphabet decide. The 125 cells of the map's own scale cover every score count.
#}
with

rfm_segment_map as (

    select * from {{ ref('rfm_segment_map') }}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

vocabularies as (

    select vocabulary
    from rfm_segments
    group by 1

),

scores as (

    {% for score in range(1, 6) %}
    select {{ score }} as score
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

cells as (

    select
        vocabularies.vocabulary,
        recency.score as r_five_point,
        frequency.score as f_five_point,
        monetary.score as m_five_point
    from vocabularies
    cross join scores as recency
    cross join scores as frequency
    cross join scores as monetary

),

matched as (

    select
        cells.*,
        rfm_segment_map.segment_code,
        rank() over (
            partition by
                cells.vocabulary, cells.r_five_point, cells.f_five_point, cells.m_five_point
            order by rfm_segment_map.priority asc
        ) as place
    from cells
    left join rfm_segment_map
        on
            cells.vocabulary = rfm_segment_map.vocabulary
            and {{ tierwise.is_in_rectangle('cells', 'rfm_segment_map') }}

),

final as (

    select
        vocabulary,
        r_five_point,
        f_five_point,
        m_five_point,
        count(segment_code) as segment_count
    from matched
    where place = 1
    group by 1, 2, 3, 4
    having count(segment_code) <> 1

)

select * from final
