{#
    The metric of a row compared with the published cut-offs, best tier first, gives the tier that the policy says; the
    distances are those to the cut-offs.
#}
with

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

reached as (

    select
        fct_customer_tier_periods.period_end_date,
        fct_customer_tier_periods.customer_id,
        fct_customer_tier_periods.policy_name,
        fct_customer_tier_periods.candidate_tier_code,
        fct_customer_tier_periods.next_tier_distance,
        fct_customer_tier_periods.metric_value,
        min(
            case
                when fct_customer_tier_periods.metric_value >= fct_tier_cut_offs.cut_off_value
                    then fct_tier_cut_offs.tier_rank
            end
        ) as reached_rank,
        min(
            case
                when fct_customer_tier_periods.metric_value < fct_tier_cut_offs.cut_off_value
                    then fct_tier_cut_offs.cut_off_value
            end
        ) as next_cut_off_value
    from fct_customer_tier_periods
    inner join fct_tier_cut_offs
        on
            fct_customer_tier_periods.period_end_date = fct_tier_cut_offs.period_end_date
            and fct_customer_tier_periods.policy_name = fct_tier_cut_offs.policy_name
    where fct_customer_tier_periods.metric_value is not null
    group by 1, 2, 3, 4, 5, 6

),

final as (

    select reached.*
    from reached
    left join fct_tier_cut_offs
        on
            reached.period_end_date = fct_tier_cut_offs.period_end_date
            and reached.policy_name = fct_tier_cut_offs.policy_name
            and reached.reached_rank = fct_tier_cut_offs.tier_rank
    where
        coalesce(reached.candidate_tier_code <> fct_tier_cut_offs.tier_code, true)
        or reached.next_tier_distance
        is distinct from reached.next_cut_off_value - reached.metric_value

)

select * from final
