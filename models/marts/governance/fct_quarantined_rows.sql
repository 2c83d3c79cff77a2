{% set tables = {
    'orders': ('int_orders_checked', 'order_id'),
    'order_lines': ('int_order_lines_checked', 'order_id'),
    'refunds': ('int_refunds_checked', 'refund_id'),
    'customers': ('int_customers_checked', 'customer_id'),
    'products': ('int_products_checked', 'product_id'),
} %}

with

{% for table, (model, key) in tables.items() %}
{{ table }} as (

    select
        '{{ table }}' as source_table,
        source_file,
        {{ key }} as record_id,
        reason_codes,
        coalesce(source_record, {{ tierwise.record_as_json(model) }}) as source_record
    from {{ ref(model) }} as {{ model }}
    where verdict = 'quarantined'

),

{% endfor %}
all_rows as (

    {% for table in tables %}
    select * from {{ table }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        source_table,
        {# Rows that are alike to the letter may change places: nothing about them differs. #}
        row_number() over (
            partition by source_table
            order by source_file asc, record_id asc, reason_codes asc, source_record asc
        ) as row_in_table,
        source_file,
        record_id,
        split_part(reason_codes, ',', 1) as reason_code,
        reason_codes,
        source_record
    from all_rows

)

select * from final
