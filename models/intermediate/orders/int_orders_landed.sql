{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {'files_of': 'orders', 'depends_on': ['int_customer_merges_resolved']}},
) }}
{% set load = tierwise.load_state() %}

-- depends_on: {{ ref('stg_commerce__files') }}
with

stg_commerce__orders as (

    select * from {{ ref('stg_commerce__orders') }}

),

int_customer_merges_resolved as (

    select * from {{ ref('int_customer_merges_resolved') }}

),

final as (

    select
        stg_commerce__orders.order_id,
        coalesce(
            int_customer_merges_resolved.surviving_customer_id, stg_commerce__orders.customer_id
        ) as customer_id,
        stg_commerce__orders.ordered_at,
        stg_commerce__orders.gross_amount,
        stg_commerce__orders.discount_amount,
        stg_commerce__orders.cost_amount,
        stg_commerce__orders.currency_code,
        stg_commerce__orders.status,
        stg_commerce__orders.updated_at,
        stg_commerce__orders.channel,
        stg_commerce__orders.store_id,
        stg_commerce__orders.is_test,
        stg_commerce__orders.is_deleted,
        stg_commerce__orders.source_file_key,
        stg_commerce__orders.source_line,
        stg_commerce__orders.is_rounded,
        stg_commerce__orders.format_codes,
        stg_commerce__orders.faulty_column,
        stg_commerce__orders.row_detail,
        stg_commerce__orders.source_record,
        {{ tierwise.load_columns(load) }}
    from stg_commerce__orders
    left join int_customer_merges_resolved
        on
            stg_commerce__orders.customer_id = int_customer_merges_resolved.customer_id
            and not int_customer_merges_resolved.is_circular
    {% if not load.is_rebuild %}
    {# The key is a constant of each file, so the files of earlier loads are not opened. #}
    where stg_commerce__orders.source_file_key in ({{ load.new_files | join(', ') or 'null' }})
    {% endif %}

)

select * from final
