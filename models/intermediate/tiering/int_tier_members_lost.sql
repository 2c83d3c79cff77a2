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

last_periods as (

    select max(period_number) as last_number
    from util_periods

),

{# Whoever was in a tier in every period since the first of theirs was never lost, which leaves few.
   Read a second time, and only what is needed: of a CTE used twice all rows would be kept. #}
interrupted as (

    select
        history.policy_name,
        history.customer_id
    from {{ ref('fct_customer_tier_periods') }} as history
    inner join util_periods
        on history.period_end_date = util_periods.period_end_date
    cross join last_periods
    where history.tier_rank is not null
    group by 1, 2
    having count(*) <= max(last_periods.last_number) - min(util_periods.period_number)

),

members as (

    select
        fct_customer_tier_periods.period_end_date,
        fct_customer_tier_periods.policy_name,
        fct_customer_tier_periods.customer_id,
        fct_customer_tier_periods.tier_rank,
        fct_customer_tier_periods.value_amount
    from fct_customer_tier_periods
    inner join interrupted
        on
            fct_customer_tier_periods.policy_name = interrupted.policy_name
            and fct_customer_tier_periods.customer_id = interrupted.customer_id
    where fct_customer_tier_periods.tier_rank is not null

),

{# Who is no customer any more has no row at the end: nothing bought. #}
final as (

    select
        util_periods.period_end_date,
        util_periods.previous_period_end_date,
        members.policy_name,
        members.customer_id,
        members.tier_rank as previous_tier_rank,
        cast(coalesce(members.value_amount, 0) as decimal(18, 2)) as previous_value_amount,
        cast(coalesce(int_customer_periods_measured.period_net_revenue_amount, 0) as decimal(18, 2))
            as period_net_revenue_amount,
        coalesce(int_customer_periods_measured.value_order_count, 0) as value_order_count,
        coalesce(int_customer_periods_measured.period_order_count, 0) as period_order_count
    from members
    inner join util_periods
        on members.period_end_date = util_periods.previous_period_end_date
    left join members as later
        on
            util_periods.period_end_date = later.period_end_date
            and members.policy_name = later.policy_name
            and members.customer_id = later.customer_id
    left join int_customer_periods_measured
        on
            util_periods.period_end_date = int_customer_periods_measured.period_end_date
            and members.customer_id = int_customer_periods_measured.customer_id
    where later.customer_id is null

)

select * from final
