{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {
        'changes_from': ['int_orders_landed', 'int_order_lines_totalled'], 'key': 'order_id',
    }},
) }}
{% set load = tierwise.load_state() %}
{% set order_columns = tierwise.order_columns() + ['currency_code', 'format_codes'] %}

-- depends_on: {{ ref('int_orders_landed') }}
-- depends_on: {{ ref('int_order_lines_totalled') }}
with

int_orders_unioned as (

    select * from {{ ref('int_orders_unioned') }}

),

{# With a version of an order, all its versions are judged again. #}
orders as (

    select *
    from int_orders_unioned
    {% if not load.is_rebuild %}
    where
        order_id in ({{ load.changed_keys }})
        or (order_id is null and load_number > {{ load.seen_before[0] }})
    {% endif %}

),

{# Orders that came more than once are few: only they pay for the windows below. #}
repeated_orders as (

    select order_id
    from orders
    where format_codes = ''
    group by 1
    having count(*) > 1

),

fingerprinted as (

    select
        orders.*,
        {{ tierwise.row_fingerprint([
            'customer_id', 'ordered_at', 'gross_amount', 'discount_amount', 'cost_amount',
            'currency_code', 'status', 'updated_at', 'channel', 'store_id', 'is_test', 'is_deleted',
        ]) }} as fingerprint,
        min(orders.updated_at) over (partition by orders.order_id) as first_updated_at,
        max(orders.updated_at) over (partition by orders.order_id) as newest_updated_at
    from orders
    inner join repeated_orders
        on orders.order_id = repeated_orders.order_id
    where orders.format_codes = ''

),

compared as (

    select
        *,
        row_number() over (
            partition by order_id, fingerprint
            order by source_file_key asc, source_line asc
        ) as copy_number,
        min(fingerprint) over (partition by order_id)
        <> max(fingerprint) over (partition by order_id) as has_versions,
        coalesce(
            min(customer_id) over (partition by order_id)
            <> max(customer_id) over (partition by order_id), false
        ) as has_two_customers,
        count(updated_at) over (partition by order_id)
        < count(*) over (partition by order_id) as has_undated_version,
        coalesce(
            min(case when updated_at = newest_updated_at then fingerprint end)
                over (
                    partition by order_id
                )
            <> max(case when updated_at = newest_updated_at then fingerprint end) over (
                partition by order_id
            ), false
        ) as has_two_newest_versions
    from fingerprinted

),

single_rows as (

    select orders.*
    from orders
    left join repeated_orders
        on orders.order_id = repeated_orders.order_id
    where
        orders.format_codes <> ''
        or repeated_orders.order_id is null

),

judged as (

    select
        {{ order_columns | join(',\n        ') }},
        updated_at as first_updated_at,
        false as is_conflicting,
        false as is_superseded,
        false as is_copy
    from single_rows
    union all
    select
        {{ order_columns | join(',\n        ') }},
        first_updated_at,
        {# Which version is the newest must be certain, or none of them is taken. #}
        has_versions
        and (has_two_customers or has_undated_version or has_two_newest_versions) as is_conflicting,
        coalesce(updated_at < newest_updated_at, false) as is_superseded,
        copy_number > 1 as is_copy
    from compared

),

final as (

    select
        {{ order_columns | join(',\n        ') }},
        first_updated_at,
        is_conflicting,
        is_superseded,
        is_copy,
        {{ tierwise.load_columns(load) }}
    from judged

)

select * from final
