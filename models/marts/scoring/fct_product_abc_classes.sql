with

int_product_days_totalled as (

    select * from {{ ref('int_product_days_totalled') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

amounts as (

    select
        util_as_of_dates.as_of_date,
        int_product_days_totalled.product_id,
        cast(sum(int_product_days_totalled.net_amount) as decimal(18, 2)) as metric_amount
    from int_product_days_totalled
    cross join util_as_of_dates
    where
        int_product_days_totalled.order_date <= util_as_of_dates.as_of_date
        and {{ tierwise.is_in_window(
            'order_date', 'as_of_date', tierwise.setting('abc_window_days')
        ) }}
        and (
            int_product_days_totalled.undone_from_date is null
            or int_product_days_totalled.undone_from_date > util_as_of_dates.as_of_date
        )
    group by 1, 2

),

{# Equal amounts form one block, and a class is given to the block: a tie is never split. #}
blocks as (

    select
        as_of_date,
        metric_amount,
        count(*) as product_count,
        sum(greatest(metric_amount, 0)) as block_amount
    from amounts
    group by 1, 2

),

accumulated as (

    select
        as_of_date,
        metric_amount,
        {{ tierwise.amount_before_block(
            'block_amount', 'as_of_date', 'metric_amount'
        ) }} as amount_before,
        {{ tierwise.amount_before_block(
            'product_count', 'as_of_date', 'metric_amount'
        ) }} as products_before,
        block_amount,
        cast(sum(block_amount) over (partition by as_of_date) as decimal(28, 2)) as total_amount
    from blocks

),

final as (

    select
        amounts.as_of_date,
        amounts.product_id,
        'revenue' as abc_metric,
        amounts.metric_amount,
        cast(1 + accumulated.products_before as bigint) as abc_rank,
        {{ tierwise.share(
            'greatest(amounts.metric_amount, 0)', 'accumulated.total_amount'
        ) }} as metric_share,
        {{ tierwise.share(
            'accumulated.amount_before', 'accumulated.total_amount'
        ) }} as share_before,
        {{ tierwise.share(
            'accumulated.amount_before + accumulated.block_amount', 'accumulated.total_amount'
        ) }}
            as cumulative_share,
        {{ tierwise.abc_class(
            'amounts.metric_amount', 'accumulated.amount_before', 'accumulated.total_amount'
        ) }}
            as abc_class
    from amounts
    inner join accumulated
        on
            amounts.as_of_date is not distinct from accumulated.as_of_date
            and amounts.metric_amount = accumulated.metric_amount

)

select * from final
