with

int_tier_members_compared as (

    select * from {{ ref('int_tier_members_compared') }}

),

ranked as (

    select
        period_end_date,
        policy_name,
        value_amount,
        row_number() over (
            partition by period_end_date, policy_name
            order by value_amount asc, customer_id asc
        ) as place_from_below,
        count(*) over (partition by period_end_date, policy_name) as customer_count
    from int_tier_members_compared
    where tier_rank is not null

),

{# The top fifth, rounded up: of three customers, one. #}
summed as (

    select
        period_end_date,
        policy_name,
        count(*) as customer_count,
        sum(value_amount) as total_amount,
        sum(cast(place_from_below as decimal(18, 0)) * cast(value_amount as decimal(20, 2)))
            as placed_amount,
        sum(
            case
                when 5 * (customer_count - place_from_below) < customer_count then value_amount
                else 0
            end
        ) as top_fifth_amount
    from ranked
    group by 1, 2

),

final as (

    select
        period_end_date,
        policy_name,
        {{ tierwise.share('top_fifth_amount', 'total_amount') }} as top20_revenue_share,
        {{ tierwise.gini('customer_count', 'total_amount', 'placed_amount') }} as gini
    from summed

)

select * from final
