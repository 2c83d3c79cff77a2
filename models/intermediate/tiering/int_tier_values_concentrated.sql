with

fct_customer_tier_periods as (

    select * from {{ ref('fct_customer_tier_periods') }}

),

{# Customers worth the same take places that follow each other, whoever of them comes first. #}
counted as (

    select
        period_end_date,
        policy_name,
        coalesce(value_amount, 0) as value_amount,
        count(*) as equal_count
    from fct_customer_tier_periods
    where tier_rank is not null
    group by 1, 2, 3

),

placed as (

    select
        period_end_date,
        policy_name,
        cast(value_amount as decimal(20, 2)) as value_amount,
        cast(equal_count as decimal(18, 0)) as equal_count,
        cast(sum(equal_count) over (
            partition by period_end_date, policy_name
            order by value_amount
        ) as decimal(18, 0)) as last_place,
        cast(sum(equal_count) over (partition by period_end_date, policy_name) as bigint)
            as customer_count
    from counted

),

shared as (

    select
        *,
        cast(equal_count * (2 * last_place - equal_count + 1) as decimal(18, 0))
            as twice_their_places,
        {# The top fifth, rounded up: of three customers, one. #}
        cast(
            least(equal_count, greatest(last_place - floor(4 * customer_count / 5), 0))
            as decimal(18, 0)
        ) as top_fifth_count
    from placed

),

summed as (

    select
        period_end_date,
        policy_name,
        cast(sum(equal_count) as bigint) as customer_count,
        sum(equal_count * value_amount) as total_amount,
        sum(twice_their_places * value_amount) as twice_placed_amount,
        sum(top_fifth_count * value_amount) as top_fifth_amount
    from shared
    group by 1, 2

),

final as (

    select
        period_end_date,
        policy_name,
        {{ tierwise.share('top_fifth_amount', 'total_amount') }} as top20_revenue_share,
        {{ tierwise.gini('customer_count', 'total_amount', 'twice_placed_amount') }} as gini
    from summed

)

select * from final
