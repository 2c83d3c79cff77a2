{% set policies = tierwise.setting('tier_policies') | list %}

with

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

{# Customers with the same tiers in all policies make one pattern; there are few, to be paired. #}
customers as (

    select
        fct_customer_tier_periods.period_end_date as as_of_date,
        fct_customer_tier_periods.customer_id,
        {% for name in policies %}
        max(
            case
                when fct_customer_tier_periods.policy_name = '{{ name }}'
                    then fct_customer_tier_periods.tier_rank
            end
        ) as rank_{{ loop.index }},
        {% endfor %}
        max(fct_customer_tier_periods.value_amount) as value_amount
    from fct_customer_tier_periods
    inner join util_periods
        on
            fct_customer_tier_periods.period_end_date = util_periods.period_end_date
            and util_periods.is_latest_period
    where fct_customer_tier_periods.tier_rank is not null
    group by 1, 2

),

patterns as (

    select
        as_of_date,
        {% for name in policies %}
        rank_{{ loop.index }},
        {% endfor %}
        count(*) as customer_count,
        cast(sum(value_amount) as decimal(18, 2)) as value_amount
    from customers
    group by {{ range(1, policies | length + 2) | join(', ') }}

),

numbered as (

    select
        *,
        row_number() over (
            order by
                {% for name in policies %}
                rank_{{ loop.index }},
                {% endfor %}
                as_of_date
        ) as pattern_number
    from patterns

),

unpivoted as (

    {% for name in policies %}
    select
        pattern_number,
        as_of_date,
        '{{ name }}' as policy_name,
        rank_{{ loop.index }} as tier_rank,
        customer_count,
        value_amount
    from numbered
    where rank_{{ loop.index }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

cells as (

    select
        unpivoted.as_of_date,
        unpivoted.policy_name,
        other.policy_name as other_policy_name,
        unpivoted.tier_rank,
        other.tier_rank as other_tier_rank,
        unpivoted.customer_count,
        unpivoted.value_amount,
        concat(unpivoted.policy_name, ' ', other.policy_name) as pair_name
    from unpivoted
    inner join unpivoted as other
        on
            unpivoted.pattern_number = other.pattern_number
            and unpivoted.policy_name <> other.policy_name

),

counted as (

    select
        as_of_date,
        pair_name,
        policy_name,
        other_policy_name,
        tier_rank,
        other_tier_rank,
        cast(sum(customer_count) as bigint) as customer_count,
        cast(sum(value_amount) as decimal(18, 2)) as value_amount
    from cells
    group by 1, 2, 3, 4, 5, 6

),

{# Sums up to a tier take all cells of that tier: the window's default is by peers. #}
final as (

    select
        as_of_date,
        policy_name,
        other_policy_name,
        tier_rank,
        other_tier_rank,
        customer_count,
        value_amount,
        {% for tier in ['tier', 'other_tier'] %}
        cast(sum(customer_count) over (partition by pair_name, {{ tier }}_rank) as bigint)
            as {{ tier }}_customer_count,
        cast(
            sum(customer_count) over (partition by pair_name order by {{ tier }}_rank)
            - sum(customer_count) over (partition by pair_name, {{ tier }}_rank)
            as bigint
        ) as {{ tier }}_better_count,
        {% endfor %}
        cast(sum(customer_count) over (partition by pair_name) as bigint) as pair_customer_count
    from counted

)

select * from final
