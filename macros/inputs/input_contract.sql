{# The canonical tables: per column its type and whether it must be there. docs/your-own-orders.md says the same. #}
{% macro input_contract() %}
    {% set order_columns = {
        'customer_id': 'text', 'ordered_at': 'timestamp', 'currency': 'text', 'status': 'text',
        'updated_at': 'timestamp', 'channel': 'text', 'store_id': 'text', 'is_test': 'boolean',
    } %}
    {% set orders = dict({'order_id': 'text'}, **order_columns) %}
    {% do orders.update({'amount': 'money', 'discount_amount': 'money', 'cost_amount': 'money',
        'is_deleted': 'boolean'}) %}
    {% set lines = dict({'order_id': 'text', 'line_number': 'text', 'product_id': 'text', 'quantity': 'quantity',
        'amount': 'money', 'discount_amount': 'money', 'cost_amount': 'money'}, **order_columns) %}
    {% do return({
        'orders': {
            'required': ['order_id', 'customer_id', 'ordered_at', 'amount'],
            'columns': orders,
        },
        'order_lines': {
            'required': ['order_id', 'line_number', 'product_id', 'quantity', 'amount'],
            'columns': lines,
        },
        'refunds': {
            'required': ['refund_id', 'order_id', 'refunded_at', 'amount'],
            'columns': {'refund_id': 'text', 'order_id': 'text', 'refunded_at': 'timestamp', 'amount': 'money',
                'reason': 'text'},
        },
        'customers': {
            'required': ['customer_id'],
            'columns': {'customer_id': 'text', 'created_at': 'timestamp', 'birthday': 'date', 'region': 'text',
                'industry': 'text', 'owner_id': 'text', 'attributes': 'text', 'marketing_consent': 'boolean',
                'profiling_opt_out': 'boolean'},
        },
        'products': {
            'required': ['product_id'],
            'columns': {'product_id': 'text', 'name': 'text', 'category': 'text', 'brand': 'text',
                'cost_amount': 'money'},
        },
    }) %}
{% endmacro %}
