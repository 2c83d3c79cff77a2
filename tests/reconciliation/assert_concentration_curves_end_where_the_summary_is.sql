{#
    The curve and its summary count the same members by different ways. A curve that lost a point,
    or took one in another order, would still look like a curve.
#}
with

rpt_abc_concentration as (

    select * from {{ ref('rpt_abc_concentration') }}

),

rpt_abc_concentration_curve as (

    select * from {{ ref('rpt_abc_concentration_curve') }}

),

final as (

    select
        rpt_abc_concentration.as_of_date,
        rpt_abc_concentration.subject,
        rpt_abc_concentration.member_count,
        all_members.top_member_count,
        rpt_abc_concentration.total_amount,
        all_members.top_amount,
        rpt_abc_concentration.top_20_percent_share,
        top_fifth.top_amount_share
    from rpt_abc_concentration
    left join rpt_abc_concentration_curve as all_members
        on
            rpt_abc_concentration.as_of_date = all_members.as_of_date
            and rpt_abc_concentration.subject = all_members.subject
            and all_members.top_percent = 100
    left join rpt_abc_concentration_curve as top_fifth
        on
            rpt_abc_concentration.as_of_date = top_fifth.as_of_date
            and rpt_abc_concentration.subject = top_fifth.subject
            and top_fifth.top_percent = 20
    where
        rpt_abc_concentration.member_count is distinct from all_members.top_member_count
        or rpt_abc_concentration.total_amount is distinct from all_members.top_amount
        {# Fewer than 100 members may have no row of exactly 20 percent. #}
        or abs(rpt_abc_concentration.top_20_percent_share - top_fifth.top_amount_share)
        > 0.000000001
        or (top_fifth.top_amount_share is null and rpt_abc_concentration.member_count >= 100)

)

select * from final
