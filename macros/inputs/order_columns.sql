{# Columns of an order that go from landing to judgement as they are; its currency and format codes are worked on. #}
{% macro order_columns() %}
    {% do return([
        'order_id', 'customer_id', 'ordered_at', 'gross_amount', 'discount_amount', 'cost_amount', 'lines_amount', 'status',
        'updated_at', 'channel', 'store_id', 'is_test', 'is_deleted', 'source_file_key', 'source_line', 'is_rounded',
        'has_incomplete_lines', 'faulty_column', 'row_detail', 'source_record',
    ]) %}
{% endmacro %}
