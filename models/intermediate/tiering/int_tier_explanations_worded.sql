{{ config(materialized='view') }}

with

int_customer_periods_bounded as (

    select * from {{ ref('int_customer_periods_bounded') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

int_tier_cut_offs_computed as (

    select * from {{ ref('int_tier_cut_offs_computed') }}

),

labelled as (

    select
        int_customer_periods_bounded.*,
        tiers.tier_label_en,
        tiers.tier_label_zh,
        candidate_tiers.tier_code as candidate_tier_code,
        candidate_tiers.tier_label_en as candidate_label_en,
        candidate_tiers.tier_label_zh as candidate_label_zh,
        next_tiers.tier_code as next_tier_code,
        {{ tierwise.metric_text('int_customer_periods_bounded.cut_off_value') }} as cut_off_text,
        {{ tierwise.metric_text('int_customer_periods_bounded.next_cut_off_value') }} as next_text,
        concat(
            {% if tierwise.active_policy().metric in ['rfm_total', 'rfm_level_total'] %}
            'R ', cast(int_customer_periods_bounded.r_points as string),
            ' + F ', cast(int_customer_periods_bounded.f_points as string),
            ' + M ', cast(int_customer_periods_bounded.m_points as string),
            ' = ',
            {% endif %}
            {{ tierwise.metric_text('int_customer_periods_bounded.metric_value') }}
        ) as value_text
    from int_customer_periods_bounded
    inner join int_tiers_configured as tiers
        on
            int_customer_periods_bounded.policy_name = tiers.policy_name
            and int_customer_periods_bounded.tier_rank = tiers.tier_rank
    inner join int_tiers_configured as candidate_tiers
        on
            int_customer_periods_bounded.policy_name = candidate_tiers.policy_name
            and int_customer_periods_bounded.candidate_tier_rank = candidate_tiers.tier_rank
    left join int_tier_cut_offs_computed as next_tiers
        on
            int_customer_periods_bounded.period_end_date = next_tiers.period_end_date
            and int_customer_periods_bounded.policy_name = next_tiers.policy_name
            and int_customer_periods_bounded.next_cut_off_value = next_tiers.cut_off_value

),

final as (

    select
        period_end_date,
        customer_id,
        tier_label_en,
        tier_label_zh,
        candidate_tier_code,
        next_tier_code,
        {{ tierwise.tier_sentence('en') }} as explanation_en,
        {{ tierwise.tier_sentence('zh') }} as explanation_zh,
        {{ tierwise.moved_sentence('en') }} as moved_en,
        {{ tierwise.moved_sentence('zh') }} as moved_zh
    from labelled

)

select * from final
