with

fct_customer_abc_classes as (

    select * from {{ ref('fct_customer_abc_classes') }}

),

fct_product_abc_classes as (

    select * from {{ ref('fct_product_abc_classes') }}

),

members as (

    select
        as_of_date,
        'customer' as subject,
        abc_metric,
        abc_class,
        customer_id as member_id,
        greatest(metric_amount, 0) as metric_amount
    from fct_customer_abc_classes
    union all
    select
        as_of_date,
        'product' as subject,
        abc_metric,
        abc_class,
        product_id as member_id,
        greatest(metric_amount, 0) as metric_amount
    from fct_product_abc_classes

),

ranked as (

    select
        *,
        row_number() over (
            partition by as_of_date, subject
            order by metric_amount asc, member_id asc
        ) as place_from_below,
        count(*) over (partition by as_of_date, subject) as member_count
    from members

),

totals as (

    select
        as_of_date,
        subject,
        abc_metric,
        count(*) as member_count,
        sum(case when abc_class = 'A' then 1 else 0 end) as a_member_count,
        sum(case when abc_class = 'B' then 1 else 0 end) as b_member_count,
        sum(case when abc_class = 'C' then 1 else 0 end) as c_member_count,
        sum(metric_amount) as total_amount,
        sum(cast(place_from_below as decimal(18, 0)) * cast(metric_amount as decimal(20, 2)))
            as placed_amount,
        {# The top fifth, rounded up: of three members, one. #}
        sum(
            case
                when 5 * (member_count - place_from_below) < member_count then metric_amount else 0
            end
        ) as top_fifth_amount
    from ranked
    group by 1, 2, 3

),

final as (

    select
        as_of_date,
        subject,
        abc_metric,
        member_count,
        cast(a_member_count as bigint) as a_member_count,
        cast(b_member_count as bigint) as b_member_count,
        cast(c_member_count as bigint) as c_member_count,
        cast(total_amount as decimal(18, 2)) as total_amount,
        {{ tierwise.share('top_fifth_amount', 'total_amount') }} as top_20_percent_share,
        {{ tierwise.gini('member_count', 'total_amount', '2 * placed_amount') }} as gini_coefficient
    from totals

)

select * from final
