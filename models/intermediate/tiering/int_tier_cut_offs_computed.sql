{% set policies = tierwise.setting('tier_policies') %}

with

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

int_period_values_counted as (

    select * from {{ ref('int_period_values_counted') }}

),

int_period_breaks_fitted as (

    select * from {{ ref('int_period_breaks_fitted') }}

),

accumulated as (

    select
        *,
        coalesce(sum(customer_count) over (
            partition by period_end_date, value_name
            order by counted_value desc
            rows between unbounded preceding and 1 preceding
        ), 0) as customers_before,
        sum(customer_count) over (partition by period_end_date, value_name) as customers_total,
        {{ tierwise.amount_before_block(
            'greatest(counted_value, 0) * customer_count', 'period_end_date, value_name', 'counted_value'
        ) }} as amount_before,
        cast(sum(greatest(counted_value, 0) * customer_count) over (
            partition by period_end_date, value_name
        ) as decimal(28, 2)) as amount_total
    from int_period_values_counted
    where value_name like 'policy_%'

),

passed as (

    select
        accumulated.period_end_date,
        accumulated.value_name,
        accumulated.counted_value,
        count(*) as cut_count
    from accumulated
    inner join int_period_breaks_fitted
        on
            accumulated.period_end_date = cast(int_period_breaks_fitted.period_end_date as date)
            and accumulated.value_name = int_period_breaks_fitted.value_name
            and int_period_breaks_fitted.cut_value < cast(accumulated.counted_value as double)
    group by 1, 2, 3

),

{# The tier of every value that somebody has: equal values are never split. #}
ranked as (

    {% for name, policy in policies.items() if policy.method != 'bands' %}
    select
        accumulated.period_end_date,
        '{{ name }}' as policy_name,
        accumulated.counted_value,
        {% if policy.method == 'percentile' %}
        {{ tierwise.tier_code_by_share(
            name, 'accumulated.customers_before', 'accumulated.customers_total'
        ) }} as tier_code
        {% elif policy.method == 'abc' %}
        case
            {{ tierwise.abc_class(
                'accumulated.counted_value', 'accumulated.amount_before', 'accumulated.amount_total'
            ) }}
            {% for tier in policy.tiers %}
            when '{{ 'ABC'[loop.index0] }}' then '{{ tier.code }}'
            {% endfor %}
        end as tier_code
        {% else %}
        case {{ policy.tiers | length }} - coalesce(passed.cut_count, 0)
            {% for tier in policy.tiers %}
            when {{ loop.index }} then '{{ tier.code }}'
            {% endfor %}
        end as tier_code
        {% endif %}
    from accumulated
    {% if policy.method == 'natural_breaks' %}
    left join passed
        on
            accumulated.period_end_date = passed.period_end_date
            and accumulated.value_name = passed.value_name
            and accumulated.counted_value = passed.counted_value
    {% endif %}
    where accumulated.value_name = 'policy_{{ name }}'
    union all
    {% endfor %}
    select
        cast(null as date) as period_end_date,
        cast(null as string) as policy_name,
        cast(null as decimal(28, 2)) as counted_value,
        cast(null as string) as tier_code
    where false

),

lowest as (

    select
        period_end_date,
        policy_name,
        tier_code,
        cast(min(counted_value) as double) as cut_off_value
    from ranked
    group by 1, 2, 3

),

final as (

    select
        util_periods.period_end_date,
        int_tiers_configured.policy_name,
        int_tiers_configured.tier_code,
        int_tiers_configured.tier_rank,
        coalesce(int_tiers_configured.metric_from, lowest.cut_off_value) as cut_off_value
    from util_periods
    cross join int_tiers_configured
    left join lowest
        on
            util_periods.period_end_date = lowest.period_end_date
            and int_tiers_configured.policy_name = lowest.policy_name
            and int_tiers_configured.tier_code = lowest.tier_code

)

select * from final
