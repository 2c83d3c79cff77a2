with

stg_commerce__order_lines as (

    select * from {{ ref('stg_commerce__order_lines') }}

),

{# Copies of a line are rare: they are found by a count per key, so that only they pass through
   a window. #}
repeated_keys as (

    select
        order_id,
        line_number
    from stg_commerce__order_lines
    where format_codes = ''
    group by 1, 2
    having count(*) > 1

),

repeated_lines as (

    select
        stg_commerce__order_lines.*,
        row_number() over (
            partition by
                stg_commerce__order_lines.order_id,
                stg_commerce__order_lines.line_number,
                {{ tierwise.row_fingerprint([
                    'product_id', 'quantity', 'line_amount', 'discount_amount', 'cost_amount',
                    'customer_id', 'ordered_at', 'currency_code', 'status', 'updated_at',
                    'channel', 'store_id', 'is_test',
                ]) }}
            order by stg_commerce__order_lines.source_file asc
        ) > 1 as is_copy
    from stg_commerce__order_lines
    inner join repeated_keys
        on
            stg_commerce__order_lines.order_id = repeated_keys.order_id
            and stg_commerce__order_lines.line_number = repeated_keys.line_number
    where stg_commerce__order_lines.format_codes = ''

),

single_lines as (

    select
        stg_commerce__order_lines.*,
        false as is_copy
    from stg_commerce__order_lines
    left join repeated_keys
        on
            stg_commerce__order_lines.order_id = repeated_keys.order_id
            and stg_commerce__order_lines.line_number = repeated_keys.line_number
    where
        stg_commerce__order_lines.format_codes <> ''
        or repeated_keys.order_id is null

),

all_lines as (

    select * from single_lines
    union all
    select * from repeated_lines

),

final as (

    select
        order_id,
        line_number,
        product_id,
        quantity,
        line_amount,
        discount_amount,
        cost_amount,
        customer_id,
        ordered_at,
        currency_code,
        status,
        updated_at,
        channel,
        store_id,
        is_test,
        source_file,
        source_record,
        format_codes as reason_codes,
        case
            when format_codes <> '' then 'quarantined'
            when is_copy then 'collapsed'
            else 'accepted'
        end as verdict
    from all_lines

)

select * from final
