with

fct_tier_cut_offs as (

    select * from {{ ref('fct_tier_cut_offs') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

members as (

    select
        period_end_date,
        policy_name,
        tier_code,
        cast(count(*) as bigint) as customer_count,
        cast(sum(value_amount) as decimal(18, 2)) as value_amount
    from fct_customer_tier_periods
    group by 1, 2, 3

),

tiers as (

    select
        fct_tier_cut_offs.period_end_date as as_of_date,
        fct_tier_cut_offs.policy_name,
        fct_tier_cut_offs.policy_version,
        fct_tier_cut_offs.tier_code,
        fct_tier_cut_offs.tier_rank,
        fct_tier_cut_offs.cut_off_value,
        int_tiers_configured.is_active_policy,
        int_tiers_configured.tier_label_en,
        int_tiers_configured.tier_label_zh,
        coalesce(members.customer_count, 0) as customer_count,
        coalesce(members.value_amount, 0) as value_amount
    from fct_tier_cut_offs
    inner join util_periods
        on
            fct_tier_cut_offs.period_end_date = util_periods.period_end_date
            and util_periods.is_latest_period
    inner join int_tiers_configured
        on
            fct_tier_cut_offs.policy_name = int_tiers_configured.policy_name
            and fct_tier_cut_offs.tier_code = int_tiers_configured.tier_code
    left join members
        on
            fct_tier_cut_offs.period_end_date = members.period_end_date
            and fct_tier_cut_offs.policy_name = members.policy_name
            and fct_tier_cut_offs.tier_code = members.tier_code

),

totals as (

    select
        as_of_date,
        policy_name,
        sum(customer_count) as customer_count,
        sum(value_amount) as value_amount
    from tiers
    group by 1, 2

),

final as (

    select
        tiers.as_of_date,
        tiers.policy_name,
        tiers.policy_version,
        tiers.is_active_policy,
        tiers.tier_code,
        tiers.tier_rank,
        tiers.tier_label_en,
        tiers.tier_label_zh,
        tiers.cut_off_value,
        cast(tiers.customer_count as bigint) as customer_count,
        {{ tierwise.share('tiers.customer_count', 'totals.customer_count') }} as customer_share,
        cast(tiers.value_amount as decimal(18, 2)) as value_amount,
        {{ tierwise.share('tiers.value_amount', 'totals.value_amount') }} as value_share,
        {{ tierwise.amount_per('tiers.value_amount', 'tiers.customer_count') }}
            as value_per_customer_amount
    from tiers
    inner join totals
        on
            tiers.as_of_date = totals.as_of_date
            and tiers.policy_name = totals.policy_name

)

select * from final
