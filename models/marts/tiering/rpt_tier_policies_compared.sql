with

rpt_tier_policy_comparison as (

    select * from {{ ref('rpt_tier_policy_comparison') }}

),

rpt_tier_policy_agreement as (

    select * from {{ ref('rpt_tier_policy_agreement') }}

),

rpt_tier_kpis as (

    select * from {{ ref('rpt_tier_kpis') }}

),

int_tier_policies_resampled as (

    select * from {{ ref('int_tier_policies_resampled') }}

),

policies as (

    select
        as_of_date,
        policy_name,
        policy_version,
        is_active_policy,
        cast(count(*) as bigint) as tier_count,
        cast(sum(customer_count) as bigint) as customer_count,
        max(customer_share) as largest_tier_share
    from rpt_tier_policy_comparison
    group by 1, 2, 3, 4

),

{# Means of decimals, because sums of doubles depend on the order of the rows. #}
judged as (

    select
        policy_name,
        {% for column in ['migration_rate_share', 'accuracy_rank_correlation', 'top_tier_lift'] %}
        cast(sum(cast({{ column }} as decimal(28, 15))) as double)
        / nullif(count({{ column }}), 0) as mean_{{ column }},
        {% endfor %}
        cast(count(*) as bigint) as period_count
    from rpt_tier_kpis
    where
        tier_code = '_all'
        and is_complete_period
    group by 1

),

final as (

    select
        policies.as_of_date,
        policies.policy_name,
        policies.policy_version,
        policies.is_active_policy,
        policies.tier_count,
        policies.customer_count,
        policies.largest_tier_share,
        judged.mean_migration_rate_share,
        judged.mean_accuracy_rank_correlation,
        judged.mean_top_tier_lift,
        int_tier_policies_resampled.sample_count,
        int_tier_policies_resampled.resampling_stability_share,
        int_tier_policies_resampled.resampling_low_share,
        coalesce(judged.period_count, 0) as period_count,
        case
            when policies.is_active_policy then 1 else rpt_tier_policy_agreement.adjusted_rand_index
        end as adjusted_rand_index
    from policies
    left join policies as active
        on
            policies.as_of_date = active.as_of_date
            and active.is_active_policy
    left join rpt_tier_policy_agreement
        on
            policies.as_of_date = rpt_tier_policy_agreement.as_of_date
            and least(policies.policy_name, active.policy_name)
            = rpt_tier_policy_agreement.policy_name
            and greatest(policies.policy_name, active.policy_name)
            = rpt_tier_policy_agreement.other_policy_name
    left join judged
        on policies.policy_name = judged.policy_name
    left join int_tier_policies_resampled
        on policies.policy_name = int_tier_policies_resampled.policy_name

)

select * from final
