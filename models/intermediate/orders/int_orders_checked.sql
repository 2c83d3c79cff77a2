{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {
        'changes_from': ['int_orders_landed', 'int_order_lines_totalled'],
        'key': 'order_id',
        'depends_on': ['order_status_map', 'fx_rates'],
        'facts': {'of': 'int_orders_unioned', 'are': tierwise.table_facts()},
    }},
) }}
{% set load = tierwise.load_state() %}
{% set columns = tierwise.order_columns() + [
    'order_date', 'net_amount', 'order_currency_code', 'fx_rate', 'status_is_purchase', 'format_codes',
    'judged_codes',
] %}

{% for model in [
    'int_orders_landed', 'int_order_lines_totalled', 'order_status_map', 'fx_rates', 'int_orders_unioned'
] %}
-- depends_on: {{ ref(model) }}
{% endfor %}
with

{# With a version of an order, all its versions are judged again. #}
orders as (

    select *
    from {{ ref('int_orders_judged') }}
    {% if not load.is_rebuild %}
    where
        order_id in ({{ load.changed_keys }})
        or (order_id is null and load_number > {{ load.seen_before[0] }})
    {% endif %}

),

{# Orders that came more than once are few: only they pay for the windows below. #}
repeated_orders as (

    select order_id
    from orders
    where format_codes = ''
    group by 1
    having count(*) > 1

),

fingerprinted as (

    select
        orders.*,
        {{ tierwise.row_fingerprint([
            'customer_id', 'ordered_at', 'gross_amount', 'discount_amount', 'cost_amount',
            'currency_code', 'status', 'updated_at', 'channel', 'store_id', 'is_test', 'is_deleted',
        ]) }} as fingerprint,
        min(orders.updated_at) over (partition by orders.order_id) as first_updated_at,
        max(orders.updated_at) over (partition by orders.order_id) as newest_updated_at
    from orders
    inner join repeated_orders
        on orders.order_id = repeated_orders.order_id
    where orders.format_codes = ''

),

compared as (

    select
        *,
        row_number() over (
            partition by order_id, fingerprint
            order by source_file_key asc, source_line asc
        ) as copy_number,
        {% for fact, value in {
            'has_versions': 'fingerprint',
            'has_two_customers': 'customer_id',
            'has_two_newest_versions':
                'case when updated_at = newest_updated_at then fingerprint end',
        }.items() %}
        coalesce(
            min({{ value }}) over (partition by order_id)
            <> max({{ value }}) over (partition by order_id), false
        ) as {{ fact }},
        {% endfor %}
        count(updated_at) over (partition by order_id)
        < count(*) over (partition by order_id) as has_undated_version
    from fingerprinted

),

judged as (

    select
        orders.{{ columns | join(',\n        orders.') }},
        orders.updated_at as first_updated_at,
        false as is_conflicting,
        false as is_superseded,
        false as is_copy
    from orders
    left join repeated_orders
        on orders.order_id = repeated_orders.order_id
    where
        orders.format_codes <> ''
        or repeated_orders.order_id is null
    union all
    select
        {{ columns | join(',\n        ') }},
        first_updated_at,
        {# Which version is the newest must be certain, or none of them is taken. #}
        has_versions
        and (has_two_customers or has_undated_version or has_two_newest_versions) as is_conflicting,
        coalesce(updated_at < newest_updated_at, false) as is_superseded,
        copy_number > 1 as is_copy
    from compared

),

final as (

    select
        {{ tierwise.order_columns() | join(',\n        ') }},
        order_date,
        {{ tierwise.known_from_date('first_updated_at') }} as known_from_date,
        net_amount,
        order_currency_code as currency_code,
        fx_rate,
        status_is_purchase,
        {# Only rows that could be read are compared, so nothing goes before this code. #}
        case
            when is_conflicting then concat_ws(',', 'ORDER_CONFLICT', nullif(judged_codes, ''))
            else judged_codes
        end as reason_codes,
        case
            when format_codes <> '' or is_conflicting then 'quarantined'
            when is_superseded then 'superseded'
            when is_copy then 'collapsed'
            when judged_codes <> '' then 'quarantined'
            else 'accepted'
        end as verdict,
        {{ tierwise.load_columns(load) }}
    from judged

)

select * from final
