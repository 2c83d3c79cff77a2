with

util_periods as (

    select * from {{ ref('util_periods') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

{# Before a policy had its first tiers nobody could have moved. #}
policies as (

    select
        policy_name,
        min(period_end_date) as first_period_end_date
    from fct_customer_tier_periods
    where tier_rank is not null
    group by 1

),

periods as (

    select
        util_periods.period_end_date,
        util_periods.previous_period_end_date,
        policies.policy_name
    from util_periods
    inner join policies
        on util_periods.previous_period_end_date >= policies.first_period_end_date

),

members_before as (

    select
        periods.period_end_date,
        periods.policy_name,
        fct_customer_tier_periods.customer_id,
        fct_customer_tier_periods.tier_rank,
        fct_customer_tier_periods.value_amount
    from fct_customer_tier_periods
    inner join periods
        on
            fct_customer_tier_periods.period_end_date = periods.previous_period_end_date
            and fct_customer_tier_periods.policy_name = periods.policy_name
    where fct_customer_tier_periods.tier_rank is not null

),

members_after as (

    select
        periods.period_end_date,
        periods.policy_name,
        fct_customer_tier_periods.customer_id,
        fct_customer_tier_periods.tier_rank,
        fct_customer_tier_periods.reason_code,
        fct_customer_tier_periods.value_amount
    from fct_customer_tier_periods
    inner join periods
        on
            fct_customer_tier_periods.period_end_date = periods.period_end_date
            and fct_customer_tier_periods.policy_name = periods.policy_name
    where fct_customer_tier_periods.tier_rank is not null

),

compared as (

    select
        members_before.tier_rank as previous_tier_rank,
        members_after.tier_rank,
        members_after.reason_code,
        cast(coalesce(members_before.value_amount, 0) as decimal(18, 2)) as previous_value_amount,
        cast(coalesce(members_after.value_amount, 0) as decimal(18, 2)) as value_amount,
        coalesce(members_before.period_end_date, members_after.period_end_date)
            as period_end_date,
        coalesce(members_before.policy_name, members_after.policy_name) as policy_name,
        coalesce(members_before.customer_id, members_after.customer_id) as customer_id
    from members_before
    full outer join members_after
        on
            members_before.period_end_date = members_after.period_end_date
            and members_before.policy_name = members_after.policy_name
            and members_before.customer_id = members_after.customer_id

),

{# Who is no customer any more has no row at the end: nothing bought, nothing worth. #}
final as (

    select
        compared.period_end_date,
        util_periods.previous_period_end_date,
        compared.policy_name,
        compared.customer_id,
        compared.previous_tier_rank,
        compared.tier_rank,
        compared.previous_value_amount,
        compared.value_amount,
        cast(coalesce(int_customer_periods_measured.period_net_revenue_amount, 0) as decimal(18, 2))
            as period_net_revenue_amount,
        case
            when compared.tier_rank is null then 'left'
            when compared.previous_tier_rank is null then 'joined'
            when compared.tier_rank < compared.previous_tier_rank then 'up'
            when compared.tier_rank > compared.previous_tier_rank then 'down'
            else 'stayed'
        end as movement_type,
        coalesce(compared.reason_code, 'purchases_taken_back') as reason_code,
        coalesce(int_customer_periods_measured.value_order_count, 0) as value_order_count,
        coalesce(int_customer_periods_measured.period_order_count, 0) as period_order_count
    from compared
    inner join util_periods
        on compared.period_end_date = util_periods.period_end_date
    left join int_customer_periods_measured
        on
            compared.period_end_date = int_customer_periods_measured.period_end_date
            and compared.customer_id = int_customer_periods_measured.customer_id

)

select * from final
