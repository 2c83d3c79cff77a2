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

{# Customers with the same metric, tier and distance are checked once, as one row. #}
tiered as (

    select
        period_end_date,
        policy_name,
        candidate_tier_code,
        next_tier_distance,
        metric_value,
        count(*) as customer_count
    from fct_customer_tier_periods
    where metric_value is not null
    group by 1, 2, 3, 4, 5

),

reached as (

    select
        tiered.period_end_date,
        tiered.policy_name,
        tiered.candidate_tier_code,
        tiered.next_tier_distance,
        tiered.metric_value,
        tiered.customer_count,
        min(
            case
                when tiered.metric_value >= fct_tier_cut_offs.cut_off_value
                    then fct_tier_cut_offs.tier_rank
            end
        ) as reached_rank,
        min(
            case
                when tiered.metric_value < fct_tier_cut_offs.cut_off_value
                    then fct_tier_cut_offs.cut_off_value
            end
        ) as next_cut_off_value
    from tiered
    inner join fct_tier_cut_offs
        on
            tiered.period_end_date = fct_tier_cut_offs.period_end_date
            and tiered.policy_name = fct_tier_cut_offs.policy_name
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
