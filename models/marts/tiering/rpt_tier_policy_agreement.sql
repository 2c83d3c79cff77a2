with

int_tier_pairs_counted as (

    select * from {{ ref('int_tier_pairs_counted') }}

),

{# Places are counted from the middle: customers in worse tiers less those in better ones. #}
cells as (

    select
        as_of_date,
        policy_name,
        other_policy_name,
        customer_count,
        tier_customer_count,
        other_tier_customer_count,
        pair_customer_count,
        pair_customer_count - 2 * tier_better_count - tier_customer_count as tier_place,
        pair_customer_count - 2 * other_tier_better_count - other_tier_customer_count
            as other_tier_place
    from int_tier_pairs_counted
    where policy_name < other_policy_name

),

{# Ordered pairs of customers, so that nothing is halved: the factors cancel. #}
summed as (

    select
        as_of_date,
        policy_name,
        other_policy_name,
        pair_customer_count,
        cast(pair_customer_count * (pair_customer_count - 1) as decimal(19, 0)) as all_pairs,
        cast(sum(customer_count * (customer_count - 1)) as decimal(19, 0)) as together_in_both,
        cast(sum(customer_count * (tier_customer_count - 1)) as decimal(19, 0)) as together,
        cast(sum(customer_count * (other_tier_customer_count - 1)) as decimal(19, 0))
            as together_in_other,
        sum(cast(tier_place * tier_place as decimal(18, 0)) * customer_count) as sum_xx,
        sum(cast(other_tier_place * other_tier_place as decimal(18, 0)) * customer_count) as sum_yy,
        sum(cast(tier_place * other_tier_place as decimal(18, 0)) * customer_count) as sum_xy
    from cells
    group by 1, 2, 3, 4

),

{# Whole numbers up to the one division. Nothing is left to divide by where all customers are in
   one tier of either policy, or each is alone in a tier of either: that is the same partition. #}
final as (

    select
        as_of_date,
        policy_name,
        other_policy_name,
        pair_customer_count as customer_count,
        coalesce(
            2 * cast(all_pairs * together_in_both - together * together_in_other as double)
            / nullif(
                cast(
                    all_pairs * together + all_pairs * together_in_other
                    - together * together_in_other - together * together_in_other
                    as double
                ),
                0
            ),
            1
        ) as adjusted_rand_index,
        {{ tierwise.correlation('pair_customer_count', '0', '0', 'sum_xx', 'sum_yy', 'sum_xy') }}
            as tier_rank_correlation
    from summed

)

select * from final
