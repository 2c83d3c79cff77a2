{{ config(materialized='view') }}

with

util_periods as (

    select * from {{ ref('util_periods') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

int_tier_members_lost as (

    select * from {{ ref('int_tier_members_lost') }}

),

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

{# Before a policy had its first tiers nobody could have moved. Read a second time, as the periods
   below are: of a CTE used twice all rows would be kept. #}
policies as (

    select
        policy_name,
        min(period_end_date) as first_period_end_date
    from {{ ref('fct_customer_tier_periods') }}
    where tier_rank is not null
    group by 1

),

{# The same in all policies, so one row a customer and period is enough to join. Joined left, though
   everybody is there: of inner joins DuckDB chose an order that was ten times slower. #}
purchases as (

    select
        int_customer_periods_measured.*,
        util_periods.previous_period_end_date,
        earlier.value_amount as previous_value_amount
    from int_customer_periods_measured
    inner join util_periods
        on int_customer_periods_measured.period_end_date = util_periods.period_end_date
    left join {{ ref('int_customer_periods_measured') }} as earlier
        on
            util_periods.previous_period_end_date = earlier.period_end_date
            and int_customer_periods_measured.customer_id = earlier.customer_id

),

compared as (

    select
        fct_customer_tier_periods.period_end_date,
        purchases.previous_period_end_date,
        fct_customer_tier_periods.policy_name,
        fct_customer_tier_periods.customer_id,
        previous_tiers.tier_rank as previous_tier_rank,
        fct_customer_tier_periods.tier_rank,
        case when previous_tiers.tier_rank is not null then purchases.previous_value_amount end
            as previous_value_amount,
        fct_customer_tier_periods.value_amount,
        purchases.period_net_revenue_amount,
        fct_customer_tier_periods.reason_code,
        purchases.value_order_count,
        purchases.period_order_count
    from fct_customer_tier_periods
    left join purchases
        on
            fct_customer_tier_periods.period_end_date = purchases.period_end_date
            and fct_customer_tier_periods.customer_id = purchases.customer_id
    inner join policies
        on
            fct_customer_tier_periods.policy_name = policies.policy_name
            and fct_customer_tier_periods.period_end_date > policies.first_period_end_date
    left join fct_tier_cut_offs as previous_tiers
        on
            fct_customer_tier_periods.period_end_date = previous_tiers.period_end_date
            and fct_customer_tier_periods.policy_name = previous_tiers.policy_name
            and fct_customer_tier_periods.previous_tier_code = previous_tiers.tier_code
    where fct_customer_tier_periods.tier_rank is not null
    union all
    select
        period_end_date,
        previous_period_end_date,
        policy_name,
        customer_id,
        previous_tier_rank,
        null as tier_rank,
        previous_value_amount,
        null as value_amount,
        period_net_revenue_amount,
        'purchases_taken_back' as reason_code,
        value_order_count,
        period_order_count
    from int_tier_members_lost

),

final as (

    select
        period_end_date,
        previous_period_end_date,
        policy_name,
        customer_id,
        previous_tier_rank,
        tier_rank,
        {% for amount in ['previous_value_amount', 'value_amount', 'period_net_revenue_amount'] %}
        cast(coalesce({{ amount }}, 0) as decimal(18, 2)) as {{ amount }},
        {% endfor %}
        case
            when tier_rank is null then 'left'
            when previous_tier_rank is null then 'joined'
            when tier_rank < previous_tier_rank then 'up'
            when tier_rank > previous_tier_rank then 'down'
            else 'stayed'
        end as movement_type,
        reason_code,
        value_order_count,
        period_order_count
    from compared

)

select * from final
