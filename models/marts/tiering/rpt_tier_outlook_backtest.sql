with

int_tier_transitions_pooled as (

    select * from {{ ref('int_tier_transitions_pooled') }}

),

int_tier_sizes_projected as (

    select * from {{ ref('int_tier_sizes_projected') }}

),

int_tier_sizes_totalled as (

    select * from {{ ref('int_tier_sizes_totalled') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

backtests as (

    select
        start_period_end_date,
        policy_name,
        max(start_period_number) as start_period_number,
        max(pooled_period_count) as pooled_period_count
    from int_tier_transitions_pooled
    where is_backtest
    group by 1, 2

),

policies as (

    select
        period_end_date,
        policy_name,
        policy_version
    from fct_tier_cut_offs
    where tier_rank = 1

),

compared as (

    select
        backtests.start_period_end_date,
        backtests.policy_name,
        policies.policy_version,
        int_tier_sizes_projected.step_number,
        actual_sizes.period_end_date,
        actual_sizes.tier_code,
        actual_sizes.tier_rank,
        backtests.pooled_period_count,
        start_sizes.tier_member_count as member_count_start,
        int_tier_sizes_projected.expected_members,
        actual_sizes.tier_member_count as member_count_end,
        abs(int_tier_sizes_projected.expected_members - actual_sizes.tier_member_count)
            as outlook_absolute_error,
        abs(start_sizes.tier_member_count - actual_sizes.tier_member_count)
            as naive_absolute_error
    from backtests
    inner join policies
        on
            backtests.start_period_end_date = policies.period_end_date
            and backtests.policy_name = policies.policy_name
    inner join int_tier_sizes_projected
        on
            backtests.start_period_end_date = int_tier_sizes_projected.start_period_end_date
            and backtests.policy_name = int_tier_sizes_projected.policy_name
    inner join int_tier_sizes_totalled as actual_sizes
        on
            backtests.policy_name = actual_sizes.policy_name
            and backtests.start_period_number + int_tier_sizes_projected.step_number
            = actual_sizes.period_number
            and int_tier_sizes_projected.tier_rank = actual_sizes.tier_rank
    inner join int_tier_sizes_totalled as start_sizes
        on
            backtests.start_period_end_date = start_sizes.period_end_date
            and backtests.policy_name = start_sizes.policy_name
            and actual_sizes.tier_rank = start_sizes.tier_rank
    where actual_sizes.is_complete_period

),

averaged as (

    select
        *,
        cast(
            sum(cast(outlook_absolute_error as decimal(28, 8))) over (
                partition by start_period_end_date, policy_name
            ) as double
        ) / count(*) over (partition by start_period_end_date, policy_name)
            as outlook_mean_absolute_error,
        cast(
            sum(naive_absolute_error) over (
                partition by start_period_end_date, policy_name
            ) as double
        ) / count(*) over (partition by start_period_end_date, policy_name)
            as naive_mean_absolute_error
    from compared

),

final as (

    select
        start_period_end_date,
        policy_name,
        policy_version,
        policy_name = '{{ tierwise.setting('active_tier_policy') }}' as is_active_policy,
        cast(step_number as integer) as step_number,
        period_end_date,
        tier_code,
        cast(tier_rank as integer) as tier_rank,
        pooled_period_count,
        member_count_start,
        member_count_end,
        expected_members,
        cast(outlook_absolute_error as double) as outlook_absolute_error,
        cast(naive_absolute_error as double) as naive_absolute_error,
        outlook_mean_absolute_error,
        naive_mean_absolute_error,
        case
            when outlook_mean_absolute_error < naive_mean_absolute_error then 'outlook'
            when outlook_mean_absolute_error > naive_mean_absolute_error then 'sizes_stay'
            else 'equal'
        end as better_forecast
    from averaged

)

select * from final
