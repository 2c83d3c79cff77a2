{% set tables = {
    'orders': ('int_orders_unioned', 'int_orders_checked'),
    'order_lines': ('stg_commerce__order_lines', 'int_order_lines_checked'),
    'refunds': ('stg_commerce__refunds', 'int_refunds_checked'),
    'customers': ('stg_commerce__customers', 'int_customers_checked'),
    'products': ('stg_commerce__products', 'int_products_checked'),
} %}

with

{# Counted where the rows come in and again where each got its verdict: the two must agree. #}
read_rows as (

    {% for table, (read_model, checked_model) in tables.items() %}
    select
        '{{ table }}' as source_table,
        source_file,
        count(*) as read_count
    from {{ ref(read_model) }}
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

verdicts as (

    {% for table, (read_model, checked_model) in tables.items() %}
    select
        '{{ table }}' as source_table,
        source_file,
        sum(case when verdict = 'accepted' then 1 else 0 end) as accepted_count,
        sum(case when verdict = 'collapsed' then 1 else 0 end) as collapsed_count,
        sum(case when verdict = 'superseded' then 1 else 0 end) as superseded_count,
        sum(case when verdict = 'quarantined' then 1 else 0 end) as quarantined_count
    from {{ ref(checked_model) }}
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        read_rows.source_table,
        read_rows.source_file,
        read_rows.read_count,
        cast(coalesce(verdicts.accepted_count, 0) as bigint) as accepted_count,
        cast(coalesce(verdicts.collapsed_count, 0) as bigint) as collapsed_count,
        cast(coalesce(verdicts.superseded_count, 0) as bigint) as superseded_count,
        cast(coalesce(verdicts.quarantined_count, 0) as bigint) as quarantined_count
    from read_rows
    left join verdicts
        on
            read_rows.source_table = verdicts.source_table
            and read_rows.source_file = verdicts.source_file

)

select * from final
