{% set tables = {
    'orders': ('int_orders_landed', 'int_orders_checked'),
    'order_lines': ('int_order_lines_landed', 'int_order_lines_checked'),
    'refunds': ('stg_commerce__refunds', 'int_refunds_checked'),
    'customers': ('stg_commerce__customers', 'int_customers_checked'),
    'products': ('stg_commerce__products', 'int_products_checked'),
} %}
{% set orders_come_from_lines = 'orders' not in tierwise.configured_inputs() %}

with

stg_commerce__files as (

    select * from {{ ref('stg_commerce__files') }}

),

int_order_lines_totalled as (

    select * from {{ ref('int_order_lines_totalled') }}

),

{# Orders made from lines come from no file; they are counted where they are made. #}
landed_rows as (

    {% for table, (landed_model, checked_model) in tables.items() %}
    select
        '{{ table }}' as source_table,
        source_file_key,
        count(*) as landed_count
    from {{ ref(landed_model) }}
    group by 1, 2
    union all
    {% endfor %}
    select
        'orders' as source_table,
        cast(null as bigint) as source_file_key,
        count(*) as landed_count
    from int_order_lines_totalled
    where {{ 'true' if orders_come_from_lines else 'false' }}
    having count(*) > 0

),

verdicts as (

    {% for table, (landed_model, checked_model) in tables.items() %}
    select
        '{{ table }}' as source_table,
        source_file_key,
        sum(case when verdict = 'accepted' then 1 else 0 end) as accepted_count,
        sum(case when verdict = 'collapsed' then 1 else 0 end) as collapsed_count,
        sum(case when verdict = 'superseded' then 1 else 0 end) as superseded_count,
        sum(case when verdict = 'quarantined' then 1 else 0 end) as quarantined_count
    from {{ ref(checked_model) }}
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

{# What the reader of the file counted before any model read it goes before what the models found
   there. #}
read_files as (

    select
        stg_commerce__files.duplicate_of,
        coalesce(stg_commerce__files.source_table, landed_rows.source_table) as source_table,
        coalesce(stg_commerce__files.source_file, 'order_lines') as source_file,
        case
            when stg_commerce__files.duplicate_of is null
                then coalesce(
                    stg_commerce__files.source_file_key, landed_rows.source_file_key
                )
        end as source_file_key,
        case
            when stg_commerce__files.duplicate_of is not null then 0
            else coalesce(
                stg_commerce__files.row_count - stg_commerce__files.left_out_count,
                landed_rows.landed_count,
                0
            )
        end as read_count,
        coalesce(stg_commerce__files.left_out_count, 0) as left_out_count
    from stg_commerce__files
    full outer join landed_rows
        on
            stg_commerce__files.source_table = landed_rows.source_table
            and stg_commerce__files.source_file_key = landed_rows.source_file_key
            and stg_commerce__files.duplicate_of is null

),

final as (

    select
        read_files.source_table,
        read_files.source_file,
        read_files.duplicate_of,
        cast(read_files.read_count as bigint) as read_count,
        cast(coalesce(verdicts.accepted_count, 0) as bigint) as accepted_count,
        cast(coalesce(verdicts.collapsed_count, 0) as bigint) as collapsed_count,
        cast(coalesce(verdicts.superseded_count, 0) as bigint) as superseded_count,
        cast(coalesce(verdicts.quarantined_count, 0) as bigint) as quarantined_count,
        cast(read_files.left_out_count as bigint) as left_out_count
    from read_files
    left join verdicts
        on
            read_files.source_table = verdicts.source_table
            and read_files.duplicate_of is null
            and read_files.source_file_key is not distinct from verdicts.source_file_key

)

select * from final
