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

outlooks as (

    select
        start_period_end_date,
        policy_name,
        max(pooled_period_count) as pooled_period_count
    from int_tier_transitions_pooled
    where not is_backtest
    group by 1, 2

),

policies as (

    select
        period_end_date,
        policy_name,
        policy_version,
        max(tier_rank) as tier_count
    from fct_tier_cut_offs
    group by 1, 2, 3

),

starts as (

    select start_period_end_date
    from outlooks
    group by 1

),

{# Long enough for twelve quarters; the first twelve ends count. #}
calendar as (

    select
        start_period_end_date,
        {{ tierwise.period_ends(
            tierwise.setting('tier_period'),
            tierwise.days_before('start_period_end_date', -1),
            tierwise.days_before('start_period_end_date', -1100)
        ) }} as period_end_date
    from starts

),

steps as (

    select
        start_period_end_date,
        period_end_date,
        row_number() over (
            partition by start_period_end_date
            order by period_end_date
        ) as step_number
    from calendar

),

{# Members of a tier that was empty are worth nobody knows what; whoever left, nothing. #}
final as (

    select
        int_tier_sizes_projected.start_period_end_date,
        int_tier_sizes_projected.policy_name,
        policies.policy_version,
        policies.policy_name = '{{ tierwise.setting('active_tier_policy') }}' as is_active_policy,
        cast(int_tier_sizes_projected.step_number as integer) as step_number,
        steps.period_end_date,
        coalesce(int_tier_sizes_totalled.tier_code, '_gone') as tier_code,
        cast(coalesce(int_tier_sizes_totalled.tier_rank, policies.tier_count + 1) as integer)
            as tier_rank,
        outlooks.pooled_period_count,
        coalesce(int_tier_sizes_totalled.tier_member_count, 0) as member_count_start,
        int_tier_sizes_projected.expected_members,
        case
            when int_tier_sizes_projected.tier_rank = 0 then 0
            else cast(
                int_tier_sizes_projected.expected_members
                * cast(int_tier_sizes_totalled.tier_value_amount as double)
                / nullif(int_tier_sizes_totalled.tier_member_count, 0) as decimal(18, 2)
            )
        end as expected_value_amount
    from int_tier_sizes_projected
    inner join outlooks
        on
            int_tier_sizes_projected.start_period_end_date = outlooks.start_period_end_date
            and int_tier_sizes_projected.policy_name = outlooks.policy_name
    inner join policies
        on
            outlooks.start_period_end_date = policies.period_end_date
            and outlooks.policy_name = policies.policy_name
    inner join steps
        on
            int_tier_sizes_projected.start_period_end_date = steps.start_period_end_date
            and int_tier_sizes_projected.step_number = steps.step_number
    left join int_tier_sizes_totalled
        on
            int_tier_sizes_projected.start_period_end_date
            = int_tier_sizes_totalled.period_end_date
            and int_tier_sizes_projected.policy_name = int_tier_sizes_totalled.policy_name
            and int_tier_sizes_projected.tier_rank = int_tier_sizes_totalled.tier_rank

)

select * from final
