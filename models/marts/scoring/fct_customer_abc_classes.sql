{% set abc_metric = tierwise.setting('abc_metric') %}

with

int_customers_purchases_summarised as (

    select * from {{ ref('int_customers_purchases_summarised') }}

),

amounts as (

    select
        as_of_date,
        customer_id,
        {{ 'profit_amount' if abc_metric == 'profit' else 'net_revenue_amount' }} as metric_amount
    from int_customers_purchases_summarised
    where is_opted_out_of_profiling is not true

),

{# Equal amounts form one block, and a class is given to the block: a tie is never split. #}
blocks as (

    select
        as_of_date,
        metric_amount,
        count(*) as customer_count,
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
            'customer_count', 'as_of_date', 'metric_amount'
        ) }} as customers_before,
        block_amount,
        cast(sum(block_amount) over (partition by as_of_date) as decimal(28, 2)) as total_amount
    from blocks

),

final as (

    select
        amounts.as_of_date,
        amounts.customer_id,
        '{{ abc_metric }}' as abc_metric,
        amounts.metric_amount,
        cast(1 + accumulated.customers_before as bigint) as abc_rank,
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
