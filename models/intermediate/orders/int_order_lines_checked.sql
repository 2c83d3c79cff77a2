{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {'changes_from': ['int_order_lines_landed'], 'key': 'order_id'}},
) }}
{% set load = tierwise.load_state() %}
{% set line_columns = [
    'order_id', 'line_number', 'product_id', 'quantity', 'line_amount', 'discount_amount',
    'cost_amount', 'customer_id', 'ordered_at', 'currency_code', 'status', 'updated_at',
    'channel', 'store_id', 'is_test', 'source_file_key', 'source_line', 'is_rounded',
    'format_codes', 'faulty_column', 'row_detail', 'source_record',
] %}

with

int_order_lines_landed as (

    select * from {{ ref('int_order_lines_landed') }}

),

{# With a line of an order, all its lines are judged again. #}
lines as (

    select *
    from int_order_lines_landed
    {% if not load.is_rebuild %}
    where
        order_id in ({{ load.changed_keys }})
        or (order_id is null and load_number > {{ load.seen_before[0] }})
    {% endif %}

),

{# Lines that came more than once are rare: found by a count per key, only they pass through the
   windows. #}
repeated_keys as (

    select
        order_id,
        line_number
    from lines
    where format_codes = ''
    group by 1, 2
    having count(*) > 1

),

fingerprinted as (

    select
        lines.*,
        {{ tierwise.row_fingerprint([
            'product_id', 'quantity', 'line_amount', 'discount_amount', 'cost_amount',
            'customer_id', 'ordered_at', 'currency_code', 'status', 'updated_at',
            'channel', 'store_id', 'is_test',
        ]) }} as fingerprint,
        max(lines.updated_at) over (
            partition by lines.order_id, lines.line_number
        ) as newest_updated_at
    from lines
    inner join repeated_keys
        on
            lines.order_id = repeated_keys.order_id
            and lines.line_number = repeated_keys.line_number
    where lines.format_codes = ''

),

compared as (

    select
        *,
        row_number() over (
            partition by order_id, line_number, fingerprint
            order by source_file_key asc, source_line asc
        ) as copy_number,
        min(fingerprint) over (partition by order_id, line_number)
        <> max(fingerprint) over (partition by order_id, line_number) as has_versions,
        count(updated_at) over (partition by order_id, line_number)
        < count(*) over (partition by order_id, line_number) as has_undated_version,
        {# Which version is the newest must be certain, or none of them is taken. #}
        min(case when updated_at = newest_updated_at then fingerprint end)
            over (
                partition by order_id, line_number
            )
        <> max(case when updated_at = newest_updated_at then fingerprint end) over (
            partition by order_id, line_number
        ) as has_two_newest_versions
    from fingerprinted

),

single_lines as (

    select lines.*
    from lines
    left join repeated_keys
        on
            lines.order_id = repeated_keys.order_id
            and lines.line_number = repeated_keys.line_number
    where
        lines.format_codes <> ''
        or repeated_keys.order_id is null

),

judged as (

    select
        {{ line_columns | join(',\n        ') }},
        case when format_codes <> '' then 'quarantined' else 'accepted' end as verdict
    from single_lines
    union all
    select
        {{ line_columns | join(',\n        ') }},
        case
            when has_versions and (has_undated_version or has_two_newest_versions)
                then 'quarantined'
            when updated_at < newest_updated_at then 'superseded'
            when copy_number > 1 then 'collapsed'
            else 'accepted'
        end as verdict
    from compared

),

final as (

    select
        {{ line_columns | join(',\n        ') }},
        case
            when format_codes <> '' then format_codes
            when verdict = 'quarantined' then 'LINE_CONFLICT'
            else ''
        end as reason_codes,
        verdict,
        {{ tierwise.load_columns(load) }}
    from judged

)

select * from final
