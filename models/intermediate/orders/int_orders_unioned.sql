{{ config(materialized='view') }}
{% set orders_come_from_lines = 'orders' not in tierwise.configured_inputs() %}
{% set columns = tierwise.order_columns() + ['currency_code', 'format_codes', 'load_number'] %}

with

int_orders_landed as (

    select * from {{ ref('int_orders_landed') }}

),

int_order_lines_totalled as (

    select * from {{ ref('int_order_lines_totalled') }}

),

orders_as_given as (

    select
        int_orders_landed.order_id,
        int_orders_landed.customer_id,
        int_orders_landed.ordered_at,
        case
            when not int_orders_landed.is_deleted
                then coalesce(
                    int_orders_landed.gross_amount, int_order_lines_totalled.lines_amount
                )
        end as gross_amount,
        {# An amount taken from the lines is before their discounts. #}
        case
            when
                int_orders_landed.gross_amount is null
                and int_orders_landed.discount_amount is null
                then int_order_lines_totalled.discount_amount
            else int_orders_landed.discount_amount
        end as discount_amount,
        coalesce(
            int_orders_landed.cost_amount, int_order_lines_totalled.cost_amount
        ) as cost_amount,
        int_order_lines_totalled.lines_amount,
        int_orders_landed.currency_code,
        int_orders_landed.status,
        int_orders_landed.updated_at,
        int_orders_landed.channel,
        int_orders_landed.store_id,
        int_orders_landed.is_test,
        int_orders_landed.is_deleted,
        int_orders_landed.source_file_key,
        int_orders_landed.source_line,
        int_orders_landed.is_rounded,
        int_orders_landed.gross_amount is null
        and coalesce(int_order_lines_totalled.quarantined_line_count > 0, false)
            as has_incomplete_lines,
        {# An amount that is not given is no fault where the lines have it. #}
        int_orders_landed.format_codes = 'AMOUNT_MISSING'
        and int_order_lines_totalled.lines_amount is not null as is_made_whole,
        int_orders_landed.format_codes as given_codes,
        int_orders_landed.faulty_column as given_faulty_column,
        int_orders_landed.source_record as given_source_record,
        int_orders_landed.row_detail,
        int_orders_landed.load_number
    from int_orders_landed
    left join int_order_lines_totalled
        on int_orders_landed.order_id = int_order_lines_totalled.order_id

),

orders_made_whole as (

    select
        *,
        case when is_made_whole then '' else given_codes end as format_codes,
        case when not is_made_whole then given_faulty_column end as faulty_column,
        case when not is_made_whole then given_source_record end as source_record
    from orders_as_given

),

orders_from_lines as (

    select
        order_id,
        customer_id,
        ordered_at,
        lines_amount as gross_amount,
        discount_amount,
        cost_amount,
        lines_amount,
        currency_code,
        status,
        updated_at,
        channel,
        store_id,
        is_test,
        is_rounded,
        load_number,
        false as is_deleted,
        cast(null as bigint) as source_file_key,
        cast(null as bigint) as source_line,
        cast(null as string) as faulty_column,
        cast(null as string) as row_detail,
        cast(null as string) as source_record,
        quarantined_line_count > 0 as has_incomplete_lines,
        case
            when line_count = 0 then 'LINES_UNREADABLE'
            else concat_ws(
                ',',
                case when ordered_at is null then 'DATE_MISSING' end,
                case when has_contradictions then 'ORDER_CONFLICT' end
            )
        end as format_codes
    from int_order_lines_totalled
    where {{ 'true' if orders_come_from_lines else 'false' }}

),

final as (

    select {{ columns | join(', ') }} from orders_made_whole
    union all
    select {{ columns | join(', ') }} from orders_from_lines

)

select * from final
