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
        customer_id as member_id,
        greatest(metric_amount, 0) as metric_amount
    from fct_customer_abc_classes
    union all
    select
        as_of_date,
        'product' as subject,
        abc_metric,
        product_id as member_id,
        greatest(metric_amount, 0) as metric_amount
    from fct_product_abc_classes

),

accumulated as (

    select
        as_of_date,
        subject,
        abc_metric,
        cast(
            sum(metric_amount) over (
                partition by as_of_date, subject
                order by metric_amount desc, member_id asc
                rows between unbounded preceding and current row
            ) as decimal(28, 2)
        ) as amount_so_far,
        cast(sum(metric_amount) over (partition by as_of_date, subject) as decimal(28, 2))
            as total_amount,
        count(*) over (partition by as_of_date, subject) as member_count,
        row_number() over (
            partition by as_of_date, subject
            order by metric_amount desc, member_id asc
        ) as place
    from members

),

{# In whole numbers: a hundredth that no binary fraction holds would be missed, or met twice. #}
points as (

    select
        as_of_date,
        subject,
        abc_metric,
        place,
        member_count,
        amount_so_far,
        total_amount,
        100 * place - mod(100 * place, member_count) as hundredths_completed
    from accumulated
    where mod(100 * place, member_count) < 100

),

final as (

    select
        as_of_date,
        subject,
        abc_metric,
        cast(hundredths_completed / member_count as integer) as top_percent,
        cast(place as bigint) as top_member_count,
        {{ tierwise.share('place', 'member_count') }} as top_member_share,
        cast(amount_so_far as decimal(18, 2)) as top_amount,
        {{ tierwise.share('amount_so_far', 'total_amount') }} as top_amount_share
    from points

)

select * from final
