{#
    What an explanation says is missing, added to the row and scored anew, reaches the next tier, and a day, an order or a
    cent less does not. Where it says that a dimension alone cannot, its best value does not either.
#}
{% set metric = tierwise.active_policy().metric %}
{% set adds_points = metric in ['rfm_total', 'rfm_level_total'] %}
{% set explained = 'fct_tier_explanations.' %}
{% set changes = {
    'recency': {'rest': explained ~ 'metric_value - ' ~ explained ~ 'r_points',
        'missing': 'missing_days', 'best': '0',
        'enough': explained ~ 'recency_days - ' ~ explained ~ 'missing_days',
        'short': explained ~ 'recency_days - ' ~ explained ~ 'missing_days + 1'},
    'frequency': {'rest': explained ~ 'metric_value - ' ~ explained ~ 'f_points',
        'missing': 'missing_orders', 'best': '1e15',
        'enough': explained ~ 'rfm_order_count + ' ~ explained ~ 'missing_orders',
        'short': explained ~ 'rfm_order_count + ' ~ explained ~ 'missing_orders - 1'},
    'monetary': {'rest': explained ~ 'metric_value - ' ~ explained ~ 'm_points',
        'missing': 'missing_amount', 'best': '1e15',
        'enough': explained ~ 'rfm_monetary_amount + ' ~ explained ~ 'missing_amount',
        'short': explained ~ 'rfm_monetary_amount + ' ~ explained ~ 'missing_amount - cast(0.01 as decimal(3, 2))'},
} %}

with

fct_tier_explanations as (

    select * from {{ ref('fct_tier_explanations') }}

),

cut_points as (

    select * from {{ ref('int_period_cut_points_computed') }}

),

changed as (

    {% if adds_points %}
    {% for dimension, change in changes.items() %}
    select
        fct_tier_explanations.customer_id,
        fct_tier_explanations.period_end_date,
        '{{ dimension }}' as dimension,
        fct_tier_explanations.next_cut_off_value,
        fct_tier_explanations.{{ change.missing }} is not null as is_said_to_reach,
        {{ change.rest }} + ({{ tierwise.tier_points(dimension, change.enough) }}) as if_enough,
        {{ change.rest }} + ({{ tierwise.tier_points(dimension, change.short) }}) as if_short,
        {{ change.rest }} + ({{ tierwise.tier_points(dimension, change.best) }}) as if_best
    from fct_tier_explanations
    inner join cut_points
        on fct_tier_explanations.period_end_date = cut_points.period_end_date
    where fct_tier_explanations.next_cut_off_value is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {% else %}
    select
        fct_tier_explanations.customer_id,
        fct_tier_explanations.period_end_date,
        'amount' as dimension,
        fct_tier_explanations.next_cut_off_value,
        fct_tier_explanations.missing_amount is not null as is_said_to_reach,
        cast(
            cast(fct_tier_explanations.metric_value as decimal(18, 2))
            + fct_tier_explanations.missing_amount as double
        ) as if_enough,
        cast(
            cast(fct_tier_explanations.metric_value as decimal(18, 2))
            + fct_tier_explanations.missing_amount - cast(0.01 as decimal(3, 2)) as double
        ) as if_short,
        {{ '1e15' if metric in ['revenue', 'abc_amount'] else 'fct_tier_explanations.metric_value' }}
            as if_best
    from fct_tier_explanations
    inner join cut_points
        on fct_tier_explanations.period_end_date = cut_points.period_end_date
    where fct_tier_explanations.next_cut_off_value is not null
    {% endif %}

),

final as (

    select *
    from changed
    where
        case
            when is_said_to_reach
                then if_enough < next_cut_off_value or if_short >= next_cut_off_value
            else if_best >= next_cut_off_value
        end

)

select * from final
