with

int_tier_transitions_totalled as (

    select * from {{ ref('int_tier_transitions_totalled') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

scopes as (

    select
        policy_name,
        tier_code,
        tier_rank
    from int_tiers_configured
    union all
    select
        policy_name,
        '_all' as tier_code,
        max(tier_rank) + 1 as tier_rank
    from int_tiers_configured
    group by 1

),

{# Of all customers, too, those who joined were no members at the start. #}
scoped as (

    select
        int_tier_transitions_totalled.*,
        scopes.tier_code,
        scopes.tier_rank,
        int_tier_transitions_totalled.from_tier_rank = 0 as has_joined,
        int_tier_transitions_totalled.to_tier_rank = 0 as has_left,
        int_tier_transitions_totalled.from_tier_rank
        = int_tier_transitions_totalled.to_tier_rank as has_stayed,
        int_tier_transitions_totalled.from_tier_rank > 0
        and (
            scopes.tier_code = '_all'
            or scopes.tier_rank = int_tier_transitions_totalled.from_tier_rank
        ) as is_in_at_start,
        int_tier_transitions_totalled.to_tier_rank > 0
        and (
            scopes.tier_code = '_all'
            or scopes.tier_rank = int_tier_transitions_totalled.to_tier_rank
        ) as is_in_at_end
    from int_tier_transitions_totalled
    inner join scopes
        on int_tier_transitions_totalled.policy_name = scopes.policy_name

),

{% set counts = {
    'member_count_start': ('is_in_at_start', 'customer_count'),
    'member_count_end': ('is_in_at_end', 'customer_count'),
    'up_count': ('is_in_at_start and not has_left and to_tier_rank < from_tier_rank', 'customer_count'),
    'down_count': ('is_in_at_start and to_tier_rank > from_tier_rank', 'customer_count'),
    'left_count': ('is_in_at_start and has_left', 'customer_count'),
    'joined_count': ('is_in_at_end and has_joined', 'customer_count'),
    'moved_in_count': ('is_in_at_end and not has_joined and not has_stayed', 'customer_count'),
    'retained_count': ('is_in_at_start', 'retained_count'),
    'buyer_count': ('is_in_at_end', 'buyer_count'),
    'repeat_buyer_count': ('is_in_at_end', 'repeat_buyer_count'),
} %}
{% set amounts = {
    'value_start_amount': ('is_in_at_start', 'previous_value_amount'),
    'value_end_amount': ('is_in_at_end', 'value_amount'),
    'within_amount': ('is_in_at_start and is_in_at_end', 'value_amount - previous_value_amount'),
    'came_amount': ('is_in_at_end and not is_in_at_start', 'value_amount'),
    'went_amount': ('is_in_at_start and not is_in_at_end', 'previous_value_amount'),
} %}
summed as (

    select
        period_end_date,
        policy_name,
        tier_code,
        {% for name, (condition, counted) in counts.items() %}
        cast(sum(case when {{ condition }} then {{ counted }} else 0 end) as bigint)
            as {{ name }},
        {% endfor %}
        {% for name, (condition, amount) in amounts.items() %}
        cast(sum(case when {{ condition }} then {{ amount }} else 0 end) as decimal(18, 2))
            as {{ name }},
        {% endfor %}
        max(tier_rank) as tier_rank
    from scoped
    group by 1, 2, 3

),

final as (

    select
        period_end_date,
        policy_name,
        tier_code,
        tier_rank,
        {% for name in counts %}
        {{ name }},
        {% endfor %}
        value_start_amount,
        value_end_amount,
        within_amount,
        cast(came_amount - went_amount as decimal(18, 2)) as mix_amount
    from summed

)

select * from final
