{% set orders_come_from_lines = 'orders' not in tierwise.configured_inputs() %}

with

int_orders_checked as (

    select * from {{ ref('int_orders_checked') }}

),

int_order_lines_checked as (

    select * from {{ ref('int_order_lines_checked') }}

),

contradictions as (

    select
        order_id,
        count(*) as version_count
    from int_orders_checked
    where reason_codes like '%ORDER_CONFLICT%'
    group by 1

),

{# What an order would have added to the revenue: null where that cannot be read. Versions that
   contradict each other share one order; one none of whose lines could be read is in its lines.
   They are joined on two values that are equal: with a second condition DuckDB looks at all pairs. #}
order_rows as (

    select
        int_orders_checked.verdict,
        split_part(int_orders_checked.reason_codes, ',', 1) as reason_code,
        case
            when
                int_orders_checked.reason_codes like '%TEST_ORDER%'
                or int_orders_checked.net_amount < 0
                or int_orders_checked.is_deleted
                or (
                    int_orders_checked.verdict = 'accepted'
                    and not int_orders_checked.status_is_purchase
                )
                then 0
            when int_orders_checked.net_amount is not null
                then cast(
                    {{ tierwise.base_amount(
                        'int_orders_checked.net_amount', 'int_orders_checked.fx_rate'
                    ) }} / coalesce(contradictions.version_count, 1) as decimal(28, 6)
                )
        end as revenue_amount
    from int_orders_checked
    left join contradictions
        on
            case
                when int_orders_checked.reason_codes like '%ORDER_CONFLICT%'
                    then int_orders_checked.order_id
            end = contradictions.order_id
    where
        int_orders_checked.verdict in ('accepted', 'quarantined')
        and int_orders_checked.reason_codes not like 'LINES_UNREADABLE%'
        and not (int_orders_checked.verdict = 'accepted' and int_orders_checked.is_deleted)

),

{# Accepted lines are in their orders already and stand here for what a line is worth. #}
line_rows as (

    select
        verdict,
        split_part(reason_codes, ',', 1) as reason_code,
        case when line_amount < 0 then 0 else line_amount end as revenue_amount
    from int_order_lines_checked
    where
        verdict in ('accepted', 'quarantined')
        and {{ 'true' if orders_come_from_lines else 'false' }}

),

{# Sums of decimals, whatever their order, are the same. #}
order_mean as (

    select cast(sum(revenue_amount) / count(*) as decimal(28, 6)) as amount
    from order_rows
    where
        verdict = 'accepted'
        and revenue_amount > 0

),

line_mean as (

    select cast(sum(revenue_amount) / count(*) as decimal(28, 6)) as amount
    from line_rows
    where
        verdict = 'accepted'
        and revenue_amount > 0

),

valued as (

    select
        order_rows.verdict,
        order_rows.reason_code,
        coalesce(order_rows.revenue_amount, order_mean.amount, 0) as revenue_amount
    from order_rows
    cross join order_mean
    union all
    select
        line_rows.verdict,
        line_rows.reason_code,
        coalesce(line_rows.revenue_amount, line_mean.amount, 0) as revenue_amount
    from line_rows
    cross join line_mean
    where line_rows.verdict = 'quarantined'

),

final as (

    select
        verdict,
        reason_code,
        cast(sum(revenue_amount) as decimal(28, 2)) as revenue_amount,
        count(*) as row_count
    from valued
    group by 1, 2

)

select * from final
