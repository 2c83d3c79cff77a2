{% set as_of_date = tierwise.setting('as_of_date') %}
{% set flags = {
    'AMOUNT_ROUNDED': 'is_rounded',
    'AMOUNT_OUTLIER': 'net_amount >= 10000 * median_amount',
    'TOTAL_MISMATCH': 'has_total_mismatch',
    'LINES_INCOMPLETE': 'has_incomplete_lines',
    'DATE_FUTURE': "order_date > date '" ~ as_of_date ~ "'" if as_of_date else 'false',
} %}

with

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

stg_commerce__files as (

    select * from {{ ref('stg_commerce__files') }}

),

typical as (

    select {{ tierwise.quantile('net_amount', 1, 2) }} as median_amount
    from int_orders_accepted
    where net_amount > 0

),

{# Few orders are flagged, so all are looked at once. #}
suspects as (

    select
        int_orders_accepted.*,
        typical.median_amount
    from int_orders_accepted
    cross join typical
    where {{ flags.values() | join('\n        or ') }}

),

{# An order may bear several flags, and each is a row. #}
flagged_orders as (

    {% for code, condition in flags.items() %}
    select
        'orders' as source_table,
        order_id as record_id,
        '{{ code }}' as reason_code,
        order_date as business_date,
        'amount = ' || net_amount as detail,
        net_amount as affected_amount
    from suspects
    where {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

folded_customers as (

    select
        customer_id,
        {{ tierwise.folded_text('customer_id') }} as folded_id
    from int_customers_unioned

),

variants as (

    select
        folded_id,
        min(customer_id) as first_id,
        max(customer_id) as last_id
    from folded_customers
    group by 1
    having count(*) > 1

),

{# Two ids that look alike may be two people: they stay apart, and somebody should look. #}
flagged_customers as (

    select
        'customers' as source_table,
        folded_customers.customer_id as record_id,
        'ID_VARIANT' as reason_code,
        cast(null as date) as business_date,
        'like ' || case
            when folded_customers.customer_id = variants.first_id then variants.last_id
            else variants.first_id
        end as detail,
        cast(null as decimal(18, 2)) as affected_amount
    from folded_customers
    inner join variants
        on folded_customers.folded_id = variants.folded_id

),

flagged_files as (

    select
        source_table,
        source_file as record_id,
        'FILE_DUPLICATE' as reason_code,
        cast(null as date) as business_date,
        'same content as ' || duplicate_of as detail,
        cast(null as decimal(18, 2)) as affected_amount
    from stg_commerce__files
    where duplicate_of is not null
    union all
    select
        source_table,
        min(source_file) as record_id,
        'SCHEMA_EXTRA_COLUMN' as reason_code,
        cast(null as date) as business_date,
        min(extra_columns) as detail,
        cast(null as decimal(18, 2)) as affected_amount
    from stg_commerce__files
    where extra_columns is not null
    group by 1

),

final as (

    select * from flagged_orders
    union all
    select * from flagged_customers
    union all
    select * from flagged_files

)

select * from final
