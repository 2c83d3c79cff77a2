{% set key_tiers = [
    tierwise.setting('tier_alert_tiers'), tierwise.active_policy().tiers | length - 1
] | min %}

with

int_customer_periods_compared as (

    select * from {{ ref('int_customer_periods_compared') }}

),

int_customer_periods_paced as (

    select * from {{ ref('int_customer_periods_paced') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

paced as (

    select
        int_customer_periods_compared.*,
        int_customer_periods_paced.purchase_day_count,
        int_customer_periods_paced.purchase_span_days,
        fct_customer_clv.probability_alive,
        int_customer_periods_compared.tier_rank <= {{ key_tiers }} as is_key,
        coalesce(int_customer_periods_compared.previous_tier_rank <= {{ key_tiers }}, false)
            as was_key
    from int_customer_periods_compared
    inner join int_customer_periods_paced
        on
            int_customer_periods_compared.period_end_date
            = int_customer_periods_paced.period_end_date
            and int_customer_periods_compared.customer_id = int_customer_periods_paced.customer_id
    {# Only columns that are equal: with a third condition DuckDB would compare every pair. #}
    left join fct_customer_clv
        on
            int_customer_periods_compared.customer_id = fct_customer_clv.customer_id
            and case
                when int_customer_periods_compared.is_latest_period
                    then int_customer_periods_compared.period_end_date
            end = fct_customer_clv.as_of_date
    where int_customer_periods_compared.previous_period_end_date is not null

),

{# Whoever is held is below the cut-off already; a tier set by hand is not about to move. #}
conditions as (

    select
        *,
        'moved_down' as alert_type
    from paced
    where
        was_key
        and tier_rank > previous_tier_rank
    union all
    select
        *,
        'about_to_move_down' as alert_type
    from paced
    where
        is_key
        and reason_code <> 'override'
        and (
            candidate_tier_rank > tier_rank
            or (
                metric_value < previous_metric_value
                and metric_value - tier_cut_off_value
                <= {{ tierwise.setting('tier_alert_distance') }} * abs(tier_cut_off_value)
            )
        )
    union all
    select
        *,
        'silent' as alert_type
    from paced
    where
        (is_key or was_key)
        and (
            (
                purchase_day_count >= 3
                and recency_days * (purchase_day_count - 1)
                > {{ tierwise.setting('tier_alert_gap_factor') }} * purchase_span_days
            )
            or probability_alive < {{ tierwise.setting('tier_alert_probability_alive') }}
        )
    union all
    select
        *,
        'moved_up' as alert_type
    from paced
    where
        is_key
        and tier_rank < previous_tier_rank

),

compared as (

    select
        *,
        coalesce(lag(period_number) over (
            partition by customer_id, alert_type
            order by period_number
        ) = period_number - 1, false) as is_repeated
    from conditions

),

final as (

    select
        period_end_date,
        period_number,
        customer_id,
        alert_type,
        policy_name,
        tier_code,
        tier_rank,
        tier_cut_off_value,
        previous_tier_code,
        previous_tier_rank,
        left_cut_off_value,
        metric_value,
        previous_metric_value,
        {% for column in ['recency_days', 'rfm_order_count', 'rfm_monetary_amount', 'r_points',
            'f_points', 'm_points'] %}
        {{ column }},
        previous_{{ column }},
        {% endfor %}
        purchase_day_count,
        purchase_span_days,
        probability_alive,
        case when alert_type = 'moved_down' then previous_value_amount else value_amount end
            as value_at_stake_amount
    from compared
    where not is_repeated

)

select * from final
