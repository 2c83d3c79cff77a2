{{ config(materialized='view') }}
{% set policies = tierwise.setting('tier_policies') %}
{% set metrics = policies.values() | map(attribute='metric') | list %}
{% set tier_count = policies.values() | map(attribute='tiers') | map('length') | max %}
{% set cut_offs = [] %}
{% for rank in range(1, tier_count + 1) %}{% do cut_offs.append('cut_off_' ~ rank) %}{% endfor %}

with

int_customer_periods_scored as (

    select * from {{ ref('int_customer_periods_scored') }}

),

int_tier_cut_offs_computed as (

    select * from {{ ref('int_tier_cut_offs_computed') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

cut_offs as (

    select
        period_end_date,
        policy_name,
        {% for rank in range(1, tier_count + 1) %}
        max(case when tier_rank = {{ rank }} then cut_off_value end) as cut_off_{{ rank }},
        {% endfor %}
        max(tier_rank) as tier_count
    from int_tier_cut_offs_computed
    group by 1, 2

),

measured as (

    select
        int_customer_periods_scored.*,
        cut_offs.policy_name,
        cut_offs.tier_count,
        {% for rank in range(1, tier_count + 1) %}
        cut_offs.cut_off_{{ rank }},
        {% endfor %}
        case cut_offs.policy_name
            {% for name, policy in policies.items() %}
            when '{{ name }}' then cast({{ tierwise.tier_metric(policy) }} as double)
            {% endfor %}
        end as metric_value
    from int_customer_periods_scored
    inner join cut_offs
        on int_customer_periods_scored.period_end_date = cut_offs.period_end_date
    {% if 'clv_amount' in metrics %}
    left join fct_customer_clv
        on
            int_customer_periods_scored.period_end_date = fct_customer_clv.as_of_date
            and int_customer_periods_scored.customer_id = fct_customer_clv.customer_id
    {% endif %}

),

{# A tier without a cut-off has nobody; whoever reaches none of them is in the lowest. #}
tiered as (

    select
        *,
        case
            {% for rank in range(1, tier_count) %}
            when metric_value >= cut_off_{{ rank }} then {{ rank }}
            {% endfor %}
            else tier_count
        end as candidate_tier_rank
    from measured
    where metric_value is not null

),

final as (

    select
        period_end_date,
        customer_id,
        policy_name,
        metric_value,
        candidate_tier_rank,
        case candidate_tier_rank
            {% for rank in range(1, tier_count + 1) %}
            when {{ rank }} then cut_off_{{ rank }}
            {% endfor %}
        end as cut_off_value,
        case candidate_tier_rank
            {% for rank in range(2, tier_count + 1) %}
            when {{ rank }} then coalesce({{ cut_offs[:rank - 1] | reverse | join(', ') }}, null)
            {% endfor %}
        end as next_cut_off_value,
        recency_days,
        rfm_order_count,
        rfm_monetary_amount,
        r_score,
        f_score,
        m_score,
        value_amount
    from tiered

)

select * from final
