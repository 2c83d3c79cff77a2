{#
    A customer lost or doubled between two periods leaves probabilities that still add up to 1, so the members of each
    tier are counted again among the customers: rows of the matrix make those at the start, columns those at the end.
#}
with

rpt_tier_migration_matrix as (

    select * from {{ ref('rpt_tier_migration_matrix') }}

),

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

by_matrix as (

    select
        previous_period_end_date as period_end_date,
        policy_name,
        from_tier_code as tier_code,
        'start' as which_end,
        sum(customer_count) as customer_count
    from rpt_tier_migration_matrix
    where from_tier_code <> '_new'
    group by 1, 2, 3
    union all
    select
        period_end_date,
        policy_name,
        to_tier_code as tier_code,
        'end' as which_end,
        sum(customer_count) as customer_count
    from rpt_tier_migration_matrix
    where to_tier_code <> '_gone'
    group by 1, 2, 3

),

counted as (

    select
        period_end_date,
        policy_name,
        tier_code,
        count(*) as customer_count
    from fct_customer_tier_periods
    where tier_code is not null
    group by 1, 2, 3

),

final as (

    select
        by_matrix.*,
        counted.customer_count as counted
    from by_matrix
    left join counted
        on
            by_matrix.period_end_date = counted.period_end_date
            and by_matrix.policy_name = counted.policy_name
            and by_matrix.tier_code = counted.tier_code
    where by_matrix.customer_count <> coalesce(counted.customer_count, 0)

)

select * from final
