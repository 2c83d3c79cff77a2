{#
    A tier that lost a way to go would look loyal, and an outlook made of it would lose customers. Of a tier with members
    all ways together are 1; of an empty one, and of `new`, none is known.
#}
with

rpt_tier_migration_matrix as (

    select * from {{ ref('rpt_tier_migration_matrix') }}

),

summed as (

    select
        period_end_date,
        policy_name,
        from_tier_code,
        sum(customer_count) as from_count,
        count(transition_probability) as probability_count,
        sum(transition_probability) as probability_sum
    from rpt_tier_migration_matrix
    group by 1, 2, 3

),

final as (

    select *
    from summed
    where
        case
            when from_tier_code = '_new' or from_count = 0 then probability_count > 0
            else coalesce(abs(probability_sum - 1) > 0.000000001, true)
        end

)

select * from final
