{#
    Per table: the model that judges its rows, the id and the business day of a row, and the columns it is shown by, under
    the names of the contract, where the row itself was readable.
#}
{% macro quarantined_columns() %}
    {% set line_day = 'cast(' ~ tierwise.utc_to_local('ordered_at', tierwise.setting('business_timezone')) ~ ' as date)' %}
    {% set orders = {'order_id': 'order_id', 'customer_id': 'customer_id', 'ordered_at': 'ordered_at',
        'amount': 'gross_amount', 'discount_amount': 'discount_amount', 'cost_amount': 'cost_amount',
        'currency': 'currency_code', 'status': 'status', 'updated_at': 'updated_at', 'channel': 'channel',
        'store_id': 'store_id', 'is_test': 'is_test'} %}
    {% set lines = dict(orders, line_number='line_number', product_id='product_id', quantity='quantity',
        amount='line_amount') %}
    {% set refunds = {'refund_id': 'refund_id', 'order_id': 'order_id', 'refunded_at': 'refunded_at',
        'amount': 'source_amount', 'reason': 'refund_reason'} %}
    {% set customers = {'customer_id': 'customer_id', 'created_at': 'created_at', 'birthday': 'birth_date',
        'region': 'region', 'industry': 'industry', 'owner_id': 'owner_id', 'attributes': 'customer_attributes',
        'marketing_consent': 'has_marketing_consent', 'profiling_opt_out': 'is_opted_out_of_profiling'} %}
    {% set products = {'product_id': 'product_id', 'name': 'product_name', 'category': 'product_category',
        'brand': 'product_brand', 'cost_amount': 'unit_cost_amount'} %}
    {% set no_day = 'cast(null as date)' %}
    {% do return({
        'orders': ('int_orders_checked', 'order_id', 'order_date', dict(orders, is_deleted='is_deleted')),
        'order_lines': ('int_order_lines_checked', 'order_id', line_day, lines),
        'refunds': ('int_refunds_checked', 'refund_id', 'refund_date', refunds),
        'customers': ('int_customers_checked', 'customer_id', no_day, customers),
        'products': ('int_products_checked', 'product_id', no_day, products),
    }) %}
{% endmacro %}
