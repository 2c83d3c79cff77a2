{#
    Three tables tell of the same movements. Whoever counts the list of customers must come to the KPIs, and to the ways
    of the matrix that lead somewhere else.
#}
with

fct_tier_migrations as (

    select * from {{ ref('fct_tier_migrations') }}

),

rpt_tier_kpis as (

    select * from {{ ref('rpt_tier_kpis') }}

),

rpt_tier_migration_matrix as (

    select * from {{ ref('rpt_tier_migration_matrix') }}

),

listed as (

    select
        period_end_date,
        policy_name,
        count(*) as moved_count
    from fct_tier_migrations
    group by 1, 2

),

in_matrix as (

    select
        period_end_date,
        policy_name,
        sum(case when from_tier_code <> to_tier_code then customer_count else 0 end) as moved_count
    from rpt_tier_migration_matrix
    group by 1, 2

),

of_all as (

    select
        period_end_date,
        policy_name,
        up_count + down_count + left_count + joined_count as moved_count
    from rpt_tier_kpis
    where tier_code = '_all'

),

final as (

    select
        of_all.period_end_date,
        of_all.policy_name,
        of_all.moved_count as in_kpis,
        listed.moved_count as in_list,
        in_matrix.moved_count as in_matrix
    from of_all
    left join listed
        on
            of_all.period_end_date = listed.period_end_date
            and of_all.policy_name = listed.policy_name
    left join in_matrix
        on
            of_all.period_end_date = in_matrix.period_end_date
            and of_all.policy_name = in_matrix.policy_name
    where
        of_all.moved_count <> coalesce(listed.moved_count, 0)
        or of_all.moved_count <> coalesce(in_matrix.moved_count, -1)

)

select * from final
