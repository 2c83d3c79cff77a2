{{ config(materialized='view') }}

with

tier_labels as (

    select * from {{ ref('tier_labels') }}

),

configured as (

    {% for policy_name, policy in tierwise.setting('tier_policies').items() %}
    {% set is_last_policy = loop.last %}
    {% for tier in policy.tiers %}
    select
        '{{ policy_name }}' as policy_name,
        '{{ tier.code }}' as tier_code,
        {{ loop.index }} as tier_rank,
        {{ policy_name == tierwise.setting('active_tier_policy') }} as is_active_policy,
        cast({{ tier.get('from', 'null') }} as double) as metric_from,
        cast({{ tier.get('top_share', 'null') }} as double) as top_share,
        {{ policy.get('downgrade_grace_periods', 0) }} as downgrade_grace_periods,
        {{ policy.get('minimum_stay_periods', 0) }} as minimum_stay_periods
    {{ 'union all' if not (loop.last and is_last_policy) }}
    {% endfor %}
    {% endfor %}

),

{# A tier nobody has labelled is shown by its code. #}
final as (

    select
        configured.policy_name,
        configured.tier_code,
        configured.tier_rank,
        configured.is_active_policy,
        configured.metric_from,
        configured.top_share,
        configured.downgrade_grace_periods,
        configured.minimum_stay_periods,
        coalesce(tier_labels.tier_label_en, configured.tier_code) as tier_label_en,
        coalesce(tier_labels.tier_label_zh, configured.tier_code) as tier_label_zh
    from configured
    left join tier_labels
        on
            configured.policy_name = tier_labels.policy_name
            and configured.tier_code = tier_labels.tier_code

)

select * from final
