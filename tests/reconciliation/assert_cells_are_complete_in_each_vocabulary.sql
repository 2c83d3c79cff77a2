{#
    A cell that is missing, or a segment nobody labelled, shows only once a customer falls into it. Each vocabulary that
    has segments has all cells of the score count that is set, and a name in both languages for each.
#}
{% set cell_count = tierwise.setting('rfm_score_count') ** 3 %}

with

dim_rfm_cells as (

    select * from {{ ref('dim_rfm_cells') }}

),

rfm_segments as (

    select * from {{ ref('rfm_segments') }}

),

vocabularies as (

    select vocabulary
    from rfm_segments
    group by 1

),

final as (

    select
        vocabularies.vocabulary,
        count(dim_rfm_cells.rfm_cell) as cell_count,
        count(nullif(trim(dim_rfm_cells.segment_label_en), '')) as label_en_count,
        count(nullif(trim(dim_rfm_cells.segment_label_zh), '')) as label_zh_count
    from vocabularies
    left join dim_rfm_cells
        on vocabularies.vocabulary = dim_rfm_cells.vocabulary
    group by 1
    having
        count(dim_rfm_cells.rfm_cell) <> {{ cell_count }}
        or count(nullif(trim(dim_rfm_cells.segment_label_en), '')) <> {{ cell_count }}
        or count(nullif(trim(dim_rfm_cells.segment_label_zh), '')) <> {{ cell_count }}

)

select * from final
