{% set policy_name = tierwise.setting('active_tier_policy') %}
{% set indicators = tierwise.index_indicators() %}
{% set moved = [] %}
{% for letter in ['r', 'f', 'm'] %}
    {% do moved.append(
        'case when int_customer_periods_bounded.' ~ letter ~ '_points <> int_customer_periods_bounded.previous_'
        ~ letter ~ "_points then '" ~ letter ~ "' else '' end"
    ) %}
{% endfor %}

with

int_customer_periods_bounded as (

    select * from {{ ref('int_customer_periods_bounded') }}

),

int_customer_periods_scored as (

    select * from {{ ref('int_customer_periods_scored') }}

),

int_tier_explanations_worded as (

    select * from {{ ref('int_tier_explanations_worded') }}

),

joined as (

    select
        int_customer_periods_bounded.*,
        int_tier_explanations_worded.tier_label_en,
        int_tier_explanations_worded.tier_label_zh,
        int_tier_explanations_worded.candidate_tier_code,
        int_tier_explanations_worded.next_tier_code,
        int_tier_explanations_worded.explanation_en,
        int_tier_explanations_worded.explanation_zh,
        int_tier_explanations_worded.moved_en,
        int_tier_explanations_worded.moved_zh,
        {% for indicator in indicators %}
        int_customer_periods_scored.{{ indicator }}_percentile_rank,
        {% endfor %}
        {% for indicator in ['recency', 'frequency', 'monetary', 'revenue']
            if indicator not in indicators %}
        cast(null as double) as {{ indicator }}_percentile_rank,
        {% endfor %}
        case
            when int_customer_periods_bounded.previous_r_points is not null
                then concat({{ moved | join(', ') }})
        end as moved_by
    from int_customer_periods_bounded
    inner join int_customer_periods_scored
        on
            int_customer_periods_bounded.period_end_date
            = int_customer_periods_scored.period_end_date
            and int_customer_periods_bounded.customer_id = int_customer_periods_scored.customer_id
    inner join int_tier_explanations_worded
        on
            int_customer_periods_bounded.period_end_date
            = int_tier_explanations_worded.period_end_date
            and int_customer_periods_bounded.customer_id = int_tier_explanations_worded.customer_id

),

final as (

    select
        period_end_date,
        customer_id,
        policy_name,
        '{{ tierwise.policy_version(policy_name) }}' as policy_version,
        is_latest_period,
        tier_code,
        tier_label_en,
        tier_label_zh,
        candidate_tier_code,
        previous_tier_code,
        reason_code,
        explanation_en,
        explanation_zh,
        metric_value,
        cut_off_value,
        next_tier_code,
        next_cut_off_value,
        recency_days,
        rfm_order_count,
        rfm_monetary_amount,
        value_amount,
        {% for letter in ['r', 'f', 'm'] %}
        {{ letter }}_score,
        {{ letter }}_points,
        {{ letter }}_lower_cut,
        {{ letter }}_upper_cut,
        {% endfor %}
        {% for indicator in ['recency', 'frequency', 'monetary', 'revenue'] %}
        {{ indicator }}_percentile_rank,
        {% endfor %}
        {% for change, column in {
            'metric_value_change': 'metric_value', 'recency_days_change': 'recency_days',
            'rfm_order_change': 'rfm_order_count', 'r_points_change': 'r_points',
            'f_points_change': 'f_points', 'm_points_change': 'm_points',
        }.items() %}
        {{ column }} - previous_{{ column }} as {{ change }},
        {% endfor %}
        cast(rfm_monetary_amount - previous_rfm_monetary_amount as decimal(18, 2))
            as rfm_monetary_change_amount,
        moved_by,
        moved_en,
        moved_zh,
        missing_points,
        missing_days,
        missing_orders,
        missing_amount
    from joined

)

select * from final
