{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {
        'changes_from': ['int_orders_checked'],
        'also_through': {'model': 'int_order_lines_checked', 'by': 'order_id'},
        'key': 'customer_id',
    }},
) }}
{% set load = tierwise.load_state() %}

-- depends_on: {{ ref('int_orders_checked') }}
-- depends_on: {{ ref('int_order_lines_checked') }}
with

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

final as (

    select
        customer_id,
        order_date,
        known_from_date,
        cast(count(*) as bigint) as purchase_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(profit_amount) as decimal(18, 2)) as profit_amount,
        {{ tierwise.load_columns(load) }}
    from int_orders_accepted
    where
        is_purchase
        and not is_guest
        and {{ 'true' if load.is_rebuild else 'customer_id in (' ~ load.changed_keys ~ ')' }}
    group by 1, 2, 3

)

select * from final
