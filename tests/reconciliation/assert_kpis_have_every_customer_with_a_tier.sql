{#
    Of each policy that has moved at all, the tiers of a period must hold every customer who may be profiled, at the end
    and in the row of all; one who is missing would be missing from every rate.
#}
with

rpt_tier_kpis as (

    select * from {{ ref('rpt_tier_kpis') }}

),

int_customer_periods_measured as (

    select * from {{ ref('int_customer_periods_measured') }}

),

summed as (

    select
        period_end_date,
        policy_name,
        sum(case when tier_code <> '_all' then member_count_end else 0 end) as of_tiers,
        sum(case when tier_code = '_all' then member_count_end else 0 end) as of_all,
        sum(case when tier_code <> '_all' then value_end_amount else 0 end) as value_of_tiers,
        sum(case when tier_code = '_all' then value_end_amount else 0 end) as value_of_all
    from rpt_tier_kpis
    group by 1, 2

),

counted as (

    select
        period_end_date,
        count(*) as customer_count,
        sum(value_amount) as value_amount
    from int_customer_periods_measured
    where not is_opted_out_of_profiling
    group by 1

),

final as (

    select
        summed.*,
        counted.customer_count,
        counted.value_amount
    from summed
    left join counted
        on summed.period_end_date = counted.period_end_date
    where
        summed.of_tiers <> coalesce(counted.customer_count, 0)
        or summed.of_all <> coalesce(counted.customer_count, 0)
        or summed.value_of_tiers <> coalesce(counted.value_amount, 0)
        or summed.value_of_all <> coalesce(counted.value_amount, 0)

)

select * from final
