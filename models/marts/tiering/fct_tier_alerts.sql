{% set policy_name = tierwise.setting('active_tier_policy') %}

with

int_tier_alerts_raised as (

    select * from {{ ref('int_tier_alerts_raised') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

labelled as (

    select
        int_tier_alerts_raised.*,
        int_customers_unioned.has_marketing_consent,
        tiers.tier_label_en,
        tiers.tier_label_zh,
        previous_tiers.tier_label_en as previous_label_en,
        previous_tiers.tier_label_zh as previous_label_zh
    from int_tier_alerts_raised
    inner join int_customers_unioned
        on int_tier_alerts_raised.customer_id = int_customers_unioned.customer_id
    inner join int_tiers_configured as tiers
        on
            int_tier_alerts_raised.policy_name = tiers.policy_name
            and int_tier_alerts_raised.tier_rank = tiers.tier_rank
    left join int_tiers_configured as previous_tiers
        on
            int_tier_alerts_raised.policy_name = previous_tiers.policy_name
            and int_tier_alerts_raised.previous_tier_rank = previous_tiers.tier_rank

),

{# Ties share a rank. #}
final as (

    select
        period_end_date,
        customer_id,
        alert_type,
        policy_name,
        '{{ tierwise.policy_version(policy_name) }}' as policy_version,
        previous_tier_code,
        tier_code,
        cast(value_at_stake_amount as decimal(18, 2)) as value_at_stake_amount,
        recency_days,
        has_marketing_consent,
        {{ tierwise.alert_sentence('en') }} as reason_en,
        {{ tierwise.alert_sentence('zh') }} as reason_zh,
        cast(rank() over (
            partition by period_end_date
            order by value_at_stake_amount desc
        ) as bigint) as alert_rank
    from labelled

)

select * from final
