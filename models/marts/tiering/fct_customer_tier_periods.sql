with

int_customer_periods_decided as (

    select * from {{ ref('int_customer_periods_decided') }}

),

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

decided as (

    select
        int_customer_periods_decided.*,
        tiers.policy_version,
        tiers.tier_code,
        candidate_tiers.tier_code as candidate_tier_code,
        previous_tiers.tier_code as previous_tier_code
    from int_customer_periods_decided
    inner join fct_tier_cut_offs as tiers
        on
            int_customer_periods_decided.period_end_date = tiers.period_end_date
            and int_customer_periods_decided.policy_name = tiers.policy_name
            and int_customer_periods_decided.tier_rank = tiers.tier_rank
    inner join fct_tier_cut_offs as candidate_tiers
        on
            int_customer_periods_decided.period_end_date = candidate_tiers.period_end_date
            and int_customer_periods_decided.policy_name = candidate_tiers.policy_name
            and int_customer_periods_decided.candidate_tier_rank = candidate_tiers.tier_rank
    left join fct_tier_cut_offs as previous_tiers
        on
            int_customer_periods_decided.period_end_date = previous_tiers.period_end_date
            and int_customer_periods_decided.policy_name = previous_tiers.policy_name
            and int_customer_periods_decided.previous_tier_rank = previous_tiers.tier_rank

),

policies as (

    select
        period_end_date,
        policy_name,
        policy_version
    from fct_tier_cut_offs
    where tier_rank = 1

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
        case when cut_off_value is not null then cast(metric_value - cut_off_value as double) end
            as lower_tier_distance,
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
        cast(null as string) as tier_code,
        cast(null as integer) as tier_rank,
        cast(null as string) as candidate_tier_code,
        cast(null as string) as previous_tier_code,
        'opted_out' as reason_code,
        {% for column in [
            'metric_value', 'cut_off_value', 'next_cut_off_value', 'next_tier_distance',
            'lower_tier_distance',
        ] %}
        cast(null as double) as {{ column }},
        {% endfor %}
        cast(null as integer) as recency_days,
        cast(null as bigint) as rfm_order_count,
        cast(null as decimal(18, 2)) as rfm_monetary_amount,
        {% for letter in ['r', 'f', 'm'] %}
        cast(null as integer) as {{ letter }}_score,
        {% endfor %}
        cast(null as decimal(18, 2)) as value_amount
    from opted_out

)

select * from final
