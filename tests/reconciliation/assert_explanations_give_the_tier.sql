{#
    Whoever reads an explanation can work out the tier from it alone: the inputs lie between the cut points shown, the
    points add up to the metric, and the metric lies between the cut-offs shown. Somebody in the lowest tier may be below
    its cut-off.
#}
{% set policy = tierwise.active_policy() %}
{% set is_lower_bound = {} %}
{% for dimension in ['frequency', 'monetary'] %}
    {% do is_lower_bound.update({dimension: policy.metric != 'rfm_level_total'
        and tierwise.setting('rfm_' ~ dimension ~ '_method') == 'bands'}) %}
{% endfor %}

with

fct_tier_explanations as (

    select * from {{ ref('fct_tier_explanations') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

expected as (

    select fct_customer_tier_periods.*
    from fct_customer_tier_periods
    inner join util_periods as latest
        on
            latest.is_latest_period
            and (
                fct_customer_tier_periods.period_end_date = latest.period_end_date
                or fct_customer_tier_periods.period_end_date = latest.previous_period_end_date
            )
    where
        fct_customer_tier_periods.policy_name = '{{ tierwise.setting('active_tier_policy') }}'
        and fct_customer_tier_periods.reason_code <> 'opted_out'

),

broken as (

    select
        *,
        recency_days <= r_lower_cut
        or recency_days > r_upper_cut
        or rfm_order_count {{ '<' if is_lower_bound.frequency else '<=' }} f_lower_cut
        or rfm_order_count {{ '>=' if is_lower_bound.frequency else '>' }} f_upper_cut
        or cast(rfm_monetary_amount as double)
        {{ '<' if is_lower_bound.monetary else '<=' }} m_lower_cut
        or cast(rfm_monetary_amount as double)
        {{ '>=' if is_lower_bound.monetary else '>' }} m_upper_cut as is_out_of_cuts,
        {% if policy.metric in ['rfm_total', 'rfm_level_total'] %}
        metric_value <> r_points + f_points + m_points
        {% elif policy.metric == 'revenue' %}
        metric_value <> cast(value_amount as double)
        {% elif policy.metric == 'weighted_index' %}
        abs(metric_value - (
            {% for indicator, weight in policy.weights.items() %}
            {{ indicator }}_percentile_rank * {{ weight }} {{ '+' if not loop.last }}
            {% endfor %}
        ) / {{ policy.weights.values() | sum }}) > 1e-12
        {% else %}
        false
        {% endif %} as is_another_metric,
        metric_value >= next_cut_off_value as is_beyond,
        metric_value < cut_off_value
        and candidate_tier_code <> '{{ policy.tiers[-1].code }}' as is_below
    from fct_tier_explanations

),

{# Both ways: nobody is left out, and nobody explained who is not there. #}
final as (

    select
        broken.customer_id as explained_customer_id,
        expected.customer_id as expected_customer_id,
        broken.period_end_date
    from broken
    full outer join expected
        on
            broken.period_end_date = expected.period_end_date
            and broken.customer_id = expected.customer_id
    where
        coalesce(broken.is_out_of_cuts, false)
        or coalesce(broken.is_another_metric, true)
        or coalesce(broken.is_beyond, false)
        or coalesce(broken.is_below, false)
        or broken.tier_code is distinct from expected.tier_code
        or broken.candidate_tier_code is distinct from expected.candidate_tier_code
        or broken.previous_tier_code is distinct from expected.previous_tier_code
        or broken.metric_value is distinct from expected.metric_value
        or broken.policy_version is distinct from expected.policy_version
        or broken.r_score is distinct from expected.r_score
        or broken.f_score is distinct from expected.f_score
        or broken.m_score is distinct from expected.m_score

)

select * from final
