with

int_tier_movements_totalled as (

    select * from {{ ref('int_tier_movements_totalled') }}

),

int_tier_values_concentrated as (

    select * from {{ ref('int_tier_values_concentrated') }}

),

int_tier_accuracies_measured as (

    select * from {{ ref('int_tier_accuracies_measured') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

policies as (

    select
        period_end_date,
        policy_name,
        policy_version
    from fct_tier_cut_offs
    where tier_rank = 1

),

{# Of tiers by other rules a difference would be no movement. #}
comparable as (

    select
        int_tier_movements_totalled.*,
        policies.policy_version,
        util_periods.previous_period_end_date,
        util_periods.is_complete_period,
        int_tier_values_concentrated.top20_revenue_share,
        int_tier_values_concentrated.gini,
        int_tier_accuracies_measured.accuracy_rank_correlation,
        int_tier_accuracies_measured.top_tier_lift,
        sum(
            case
                when int_tier_movements_totalled.tier_code = '_all'
                    then int_tier_movements_totalled.value_end_amount
                else 0
            end
        ) over (
            partition by
                int_tier_movements_totalled.period_end_date,
                int_tier_movements_totalled.policy_name
        ) as total_value_amount
    from int_tier_movements_totalled
    inner join util_periods
        on int_tier_movements_totalled.period_end_date = util_periods.period_end_date
    inner join policies
        on
            int_tier_movements_totalled.period_end_date = policies.period_end_date
            and int_tier_movements_totalled.policy_name = policies.policy_name
    inner join policies as earlier_policies
        on
            util_periods.previous_period_end_date = earlier_policies.period_end_date
            and policies.policy_name = earlier_policies.policy_name
            and policies.policy_version = earlier_policies.policy_version
    left join int_tier_values_concentrated
        on
            int_tier_movements_totalled.period_end_date
            = int_tier_values_concentrated.period_end_date
            and int_tier_movements_totalled.policy_name = int_tier_values_concentrated.policy_name
            and int_tier_movements_totalled.tier_code = '_all'
    left join int_tier_accuracies_measured
        on
            int_tier_movements_totalled.period_end_date
            = int_tier_accuracies_measured.period_end_date
            and int_tier_movements_totalled.policy_name = int_tier_accuracies_measured.policy_name
            and int_tier_movements_totalled.tier_code = '_all'

),

{% set rates = {
    'migration_rate_share': ('up_count + down_count + left_count', 'member_count_start'),
    'up_share': ('up_count', 'member_count_start'),
    'down_share': ('down_count', 'member_count_start'),
    'net_share': ('up_count - down_count', 'member_count_start'),
    'value_growth_share': ('value_end_amount - value_start_amount', 'value_start_amount'),
    'within_growth_share': ('within_amount', 'value_start_amount'),
    'mix_growth_share': ('mix_amount', 'value_start_amount'),
    'retention_share': ('retained_count', 'member_count_start'),
    'churn_share': ('member_count_start - retained_count', 'member_count_start'),
    'repurchase_share': ('repeat_buyer_count', 'buyer_count'),
} %}
final as (

    select
        period_end_date,
        previous_period_end_date,
        is_complete_period,
        policy_name,
        policy_version,
        policy_name = '{{ tierwise.setting('active_tier_policy') }}' as is_active_policy,
        tier_code,
        cast(tier_rank as integer) as tier_rank,
        member_count_start,
        member_count_end,
        up_count,
        down_count,
        left_count,
        joined_count,
        moved_in_count,
        value_start_amount,
        value_end_amount,
        within_amount,
        mix_amount,
        {# Of nobody, and of nothing, there is no share. #}
        {% for name, (part, whole) in rates.items() %}
        cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0) as {{ name }},
        {% endfor %}
        {{ tierwise.share('value_end_amount', 'total_value_amount') }} as revenue_share,
        top20_revenue_share,
        gini,
        accuracy_rank_correlation,
        top_tier_lift
    from comparable

)

select * from final
