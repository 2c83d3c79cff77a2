{% set limit = tierwise.setting('quarantined_revenue_limit') %}

with

int_reasons_weighed as (

    select * from {{ ref('int_reasons_weighed') }}

),

ranked_reasons as (

    select
        *,
        row_number() over (
            order by revenue_amount desc, row_count desc, reason_code asc
        ) as place
    from int_reasons_weighed
    where verdict = 'quarantined'

),

top_reasons as (

    select
        {{ tierwise.joined_rows(
            "reason_code || ' (' || row_count || case when row_count = 1 then ' row)' else ' rows)' end",
            ', ', 'place asc'
        ) }} as reason_list
    from ranked_reasons
    where place <= 3

),

totalled as (

    select
        coalesce(sum(row_count), 0) as row_count,
        coalesce(sum(case when verdict = 'accepted' then row_count end), 0) as accepted_count,
        coalesce(sum(case when verdict = 'quarantined' then row_count end), 0)
            as quarantined_count,
        {{ tierwise.share(
            "sum(case when verdict = 'quarantined' then revenue_amount end)",
            'sum(revenue_amount)'
        ) }} as quarantined_revenue_share
    from int_reasons_weighed

),

final as (

    select
        cast(totalled.accepted_count as bigint) as accepted_count,
        cast(totalled.quarantined_count as bigint) as quarantined_count,
        totalled.quarantined_revenue_share,
        top_reasons.reason_list,
        case
            when totalled.row_count > 0 and totalled.accepted_count = 0
                then {{ tierwise.fail_with(
                    "'NO_ROW_ACCEPTED Not one of the ' || totalled.row_count || ' orders read was "
                    ~ "accepted, so nothing is scored. Most frequent reasons: ' || "
                    ~ "top_reasons.reason_list || '. See fct_quarantined_rows.'"
                ) }}
            {% if limit is not none %}
            when round(totalled.quarantined_revenue_share, 9) > {{ limit }}
                then {{ tierwise.fail_with(
                    "'QUARANTINE_LIMIT ' || round(100 * totalled.quarantined_revenue_share, 1) || "
                    ~ "' % of the revenue is quarantined, more than quarantined_revenue_limit "
                    ~ "allows (" ~ 100 * limit ~ " %), so nothing is scored. Top reasons: ' || "
                    ~ "top_reasons.reason_list || '. See fct_quarantined_rows; mend the input or "
                    ~ "its mapping, or raise the limit.'"
                ) }}
            {% endif %}
            else 'approved'
        end as approval
    from totalled
    cross join top_reasons

)

select * from final
