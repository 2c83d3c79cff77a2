{% set tier_count = tierwise.setting('tier_policies').values() | map(attribute='tiers')
    | map('length') | max %}

with

settled as (

    select * from {{ ref('int_customer_periods_settled') }}

),

{# Read a second time, and only what is needed: of a CTE used twice all rows would be kept. #}
earlier as (

    select
        period_end_date,
        customer_id,
        policy_name,
        tier_rank
    from {{ ref('int_customer_periods_settled') }}

),

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

{# One row per period and policy, so that three codes cost one join. #}
policies as (

    select
        period_end_date,
        policy_name,
        {% for rank in range(1, tier_count + 1) %}
        max(case when tier_rank = {{ rank }} then tier_code end) as tier_code_{{ rank }},
        {% endfor %}
        min(policy_version) as policy_version
    from fct_tier_cut_offs
    group by 1, 2

),

decided as (

    select
        settled.*,
        policies.policy_version,
        {% for tier, column in {
            'tier': 'settled.tier_rank', 'candidate_tier': 'settled.candidate_tier_rank',
            'previous_tier': 'earlier.tier_rank',
        }.items() %}
        case {{ column }}
            {% for rank in range(1, tier_count + 1) %}
            when {{ rank }} then policies.tier_code_{{ rank }}
            {% endfor %}
        end as {{ tier }}_code,
        {% endfor %}
        case
            when settled.is_overridden then 'override'
            when earlier.tier_rank is null then 'first_tier'
            when settled.tier_rank < earlier.tier_rank then 'upgrade'
            when settled.tier_rank > earlier.tier_rank then 'downgrade'
            when settled.hold_reason = 'grace' then 'held_by_grace'
            when settled.hold_reason = 'minimum_stay' then 'held_by_minimum_stay'
            else 'unchanged'
        end as reason_code
    from settled
    left join earlier
        on
            settled.previous_period_end_date = earlier.period_end_date
            and settled.customer_id = earlier.customer_id
            and settled.policy_name = earlier.policy_name
    inner join policies
        on
            settled.period_end_date = policies.period_end_date
            and settled.policy_name = policies.policy_name

),

{# Of people who opted out nothing is said but that. #}
opted_out as (

    select
        policies.period_end_date,
        int_customer_periods_measured.customer_id,
        policies.policy_name,
        policies.policy_version
    from int_customer_periods_measured
    inner join policies
        on int_customer_periods_measured.period_end_date = policies.period_end_date
    where int_customer_periods_measured.is_opted_out_of_profiling

),

final as (

    select
        period_end_date,
        customer_id,
        policy_name,
        policy_version,
        tier_code,
        cast(tier_rank as integer) as tier_rank,
        candidate_tier_code,
        previous_tier_code,
        reason_code,
        metric_value,
        cut_off_value,
        next_cut_off_value,
        cast(next_cut_off_value - metric_value as double) as next_tier_distance,
        cast(metric_value - cut_off_value as double) as lower_tier_distance,
        recency_days,
        rfm_order_count,
        rfm_monetary_amount,
        r_score,
        f_score,
        m_score,
        value_amount
    from decided
    union all
    select
        period_end_date,
        customer_id,
        policy_name,
        policy_version,
        {% for column in ['tier_code', 'tier_rank', 'candidate_tier_code', 'previous_tier_code'] %}
        null as {{ column }},
        {% endfor %}
        'opted_out' as reason_code,
        {% for column in [
            'metric_value', 'cut_off_value', 'next_cut_off_value', 'next_tier_distance',
            'lower_tier_distance', 'recency_days', 'rfm_order_count', 'rfm_monetary_amount', 'r_score',
            'f_score', 'm_score',
        ] %}
        null as {{ column }},
        {% endfor %}
        null as value_amount
    from opted_out

)

select * from final
