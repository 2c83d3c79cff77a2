{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {'files_of': 'order_lines', 'depends_on': ['int_customer_merges_resolved']}},
) }}
{% set load = tierwise.load_state() %}

-- depends_on: {{ ref('stg_commerce__files') }}
with

stg_commerce__order_lines as (

    select * from {{ ref('stg_commerce__order_lines') }}

),

int_customer_merges_resolved as (

    select * from {{ ref('int_customer_merges_resolved') }}

),

final as (

    select
        stg_commerce__order_lines.order_id,
        stg_commerce__order_lines.line_number,
        stg_commerce__order_lines.product_id,
        stg_commerce__order_lines.quantity,
        stg_commerce__order_lines.line_amount,
        stg_commerce__order_lines.discount_amount,
        stg_commerce__order_lines.cost_amount,
        coalesce(
            int_customer_merges_resolved.surviving_customer_id,
            stg_commerce__order_lines.customer_id
        ) as customer_id,
        stg_commerce__order_lines.ordered_at,
        stg_commerce__order_lines.currency_code,
        stg_commerce__order_lines.status,
        stg_commerce__order_lines.updated_at,
        stg_commerce__order_lines.channel,
        stg_commerce__order_lines.store_id,
        stg_commerce__order_lines.is_test,
        stg_commerce__order_lines.source_file_key,
        stg_commerce__order_lines.source_line,
        stg_commerce__order_lines.is_rounded,
        stg_commerce__order_lines.format_codes,
        stg_commerce__order_lines.faulty_column,
        stg_commerce__order_lines.row_detail,
        stg_commerce__order_lines.source_record,
        {{ tierwise.load_columns(load) }}
    from stg_commerce__order_lines
    left join int_customer_merges_resolved
        on
            stg_commerce__order_lines.customer_id = int_customer_merges_resolved.customer_id
            and not int_customer_merges_resolved.is_circular
    {% if not load.is_rebuild %}
    {# The key is a constant of each file, so the files of earlier loads are not opened. #}
    where
        stg_commerce__order_lines.source_file_key in (
            {{ load.new_files | join(', ') or 'null' }}
        )
    {% endif %}

)

select * from final
