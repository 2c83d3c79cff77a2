{{ config(materialized='view') }}

with

int_orders_checked as (

    select * from {{ ref('int_orders_checked') }}

),

valued as (

    select
        *,
        {{ tierwise.base_amount('net_amount', 'fx_rate') }} as net_base_amount,
        {{ tierwise.base_amount('cost_amount', 'fx_rate') }} as cost_base_amount
    from int_orders_checked
    where
        verdict = 'accepted'
        and not is_deleted

),

final as (

    select
        order_id,
        customer_id,
        customer_id is null as is_guest,
        ordered_at,
        order_date,
        known_from_date,
        channel,
        store_id,
        status,
        currency_code,
        cast(fx_rate as decimal(18, 8)) as fx_rate,
        net_base_amount as net_amount,
        cost_base_amount as cost_amount,
        {{ tierwise.profit('net_base_amount', 'cost_base_amount') }} as profit_amount,
        cost_amount is not null as has_known_cost,
        {# An order that never had an amount is a purchase only where the setting says so. #}
        status_is_purchase
        and (
            net_base_amount > 0
            {{ 'or net_amount = 0' if tierwise.setting('zero_amount_is_purchase') }}
        ) as is_purchase,
        is_rounded,
        coalesce(lines_amount <> gross_amount, false) as has_total_mismatch,
        has_incomplete_lines,
        source_file_key,
        source_line
    from valued

)

select * from final
