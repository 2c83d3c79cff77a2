{{ config(materialized='view') }}

with

int_orders_unioned as (

    select * from {{ ref('int_orders_unioned') }}

),

fingerprinted as (

    select
        *,
        {{ tierwise.row_fingerprint([
            'customer_id', 'ordered_at', 'gross_amount', 'discount_amount', 'cost_amount',
            'currency_code', 'status', 'updated_at', 'channel', 'store_id', 'is_test',
        ]) }} as fingerprint
    from int_orders_unioned

),

{# Orders that came more than once are few: only they pay for the windows below. #}
repeated_orders as (

    select order_id
    from fingerprinted
    where format_codes = ''
    group by 1
    having count(*) > 1

),

repeated_rows as (

    select
        fingerprinted.*,
        row_number() over (
            partition by fingerprinted.order_id, fingerprinted.fingerprint
            order by fingerprinted.source_file asc
        ) as copy_number,
        max(fingerprinted.updated_at) over (
            partition by fingerprinted.order_id
        ) as newest_updated_at
    from fingerprinted
    inner join repeated_orders
        on fingerprinted.order_id = repeated_orders.order_id
    where fingerprinted.format_codes = ''

),

marked_rows as (

    select
        *,
        case when updated_at = newest_updated_at then fingerprint end as newest_fingerprint
    from repeated_rows

),

compared_rows as (

    select
        *,
        min(fingerprint) over (partition by order_id)
        <> max(fingerprint) over (partition by order_id) as has_versions,
        coalesce(
            min(customer_id) over (partition by order_id)
            <> max(customer_id) over (partition by order_id), false
        ) as has_two_customers,
        count(updated_at) over (partition by order_id)
        < count(*) over (partition by order_id) as has_undated_version,
        coalesce(
            min(newest_fingerprint) over (partition by order_id)
            <> max(newest_fingerprint) over (partition by order_id), false
        ) as has_two_newest_versions
    from marked_rows

),

judged_rows as (

    select
        *,
        {# Which version is the newest must be certain, or none of them is taken. #}
        has_versions
        and (has_two_customers or has_undated_version or has_two_newest_versions) as is_conflicting,
        coalesce(updated_at < newest_updated_at, false) as is_superseded
    from compared_rows

),

single_rows as (

    select fingerprinted.*
    from fingerprinted
    left join repeated_orders
        on fingerprinted.order_id = repeated_orders.order_id
    where
        fingerprinted.format_codes <> ''
        or repeated_orders.order_id is null

),

{% set order_columns = [
    'order_id', 'customer_id', 'ordered_at', 'gross_amount', 'discount_amount', 'cost_amount',
    'lines_amount', 'currency_code', 'status', 'updated_at', 'channel', 'store_id', 'is_test',
    'source_file', 'format_codes', 'source_record',
] %}

final as (

    select
        {{ order_columns | join(',\n        ') }},
        false as is_conflicting,
        false as is_superseded,
        false as is_copy
    from single_rows
    union all
    select
        {{ order_columns | join(',\n        ') }},
        is_conflicting,
        is_superseded,
        copy_number > 1 as is_copy
    from judged_rows

)

select * from final
