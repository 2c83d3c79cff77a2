with

int_tier_transitions_totalled as (

    select * from {{ ref('int_tier_transitions_totalled') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

{# The backtest knows nothing after the middle of the history. #}
spans as (

    select
        cast(floor((max(period_number) + 1) / 2.0) as integer) as middle_period_number,
        max(period_number) as last_period_number
    from util_periods
    where is_complete_period

),

starts as (

    select
        util_periods.period_end_date as start_period_end_date,
        util_periods.period_number as start_period_number,
        util_periods.period_number < spans.last_period_number as is_backtest
    from util_periods
    inner join spans
        on
            util_periods.period_number = spans.last_period_number
            or util_periods.period_number = spans.middle_period_number

),

{# How many join changes with the shop, how members move hardly: of those who joined only the last
   three periods count. #}
pooled as (

    select
        starts.start_period_end_date,
        int_tier_transitions_totalled.policy_name,
        int_tier_transitions_totalled.from_tier_rank,
        int_tier_transitions_totalled.to_tier_rank,
        max(starts.start_period_number) as start_period_number,
        count(*) as pooled_period_count,
        sum(int_tier_transitions_totalled.customer_count) as customer_count
    from starts
    inner join int_tier_transitions_totalled
        on
            starts.start_period_number >= int_tier_transitions_totalled.period_number
            and starts.start_period_number - {{ tierwise.setting('tier_outlook_periods') }}
            < int_tier_transitions_totalled.period_number
            and (
                int_tier_transitions_totalled.from_tier_rank > 0
                or starts.start_period_number - 3 < int_tier_transitions_totalled.period_number
            )
    group by
        starts.start_period_end_date,
        int_tier_transitions_totalled.policy_name,
        int_tier_transitions_totalled.from_tier_rank,
        int_tier_transitions_totalled.to_tier_rank
    having count(*) >= 3

),

weighed as (

    select
        *,
        sum(customer_count) over (
            partition by start_period_end_date, policy_name, from_tier_rank
        ) as from_count
    from pooled

),

{# Of a tier nobody was seen in, nobody is known to leave it. #}
final as (

    select
        weighed.start_period_end_date,
        weighed.start_period_number,
        starts.is_backtest,
        weighed.policy_name,
        cast(weighed.from_tier_rank as integer) as from_tier_rank,
        cast(weighed.to_tier_rank as integer) as to_tier_rank,
        cast(weighed.pooled_period_count as integer) as pooled_period_count,
        cast(weighed.customer_count as bigint) as customer_count,
        case
            when weighed.from_tier_rank = 0
                then {{ tierwise.share('weighed.customer_count', 'weighed.pooled_period_count') }}
            when weighed.from_count > 0
                then {{ tierwise.share('weighed.customer_count', 'weighed.from_count') }}
            when weighed.from_tier_rank = weighed.to_tier_rank then 1
            else 0
        end as transition_weight
    from weighed
    inner join starts
        on weighed.start_period_end_date = starts.start_period_end_date

)

select * from final
