{% set input = tierwise.input_source('orders') %}

with

source as (

    select * from {{ input.relation }}

),

final as (

    select
        {{ tierwise.text_column(input, 'order_id') }} as order_id,
        {{ tierwise.customer_id_column(input, 'customer_id') }} as customer_id,
        {{ tierwise.timestamp_column(input, 'ordered_at') }} as ordered_at,
        {{ tierwise.money_column(input, 'amount') }} as gross_amount,
        {{ tierwise.money_column(input, 'discount_amount') }} as discount_amount,
        {{ tierwise.money_column(input, 'cost_amount') }} as cost_amount,
        {{ tierwise.text_column(input, 'currency') }} as currency_code,
        {{ tierwise.text_column(input, 'status') }} as status,
        {{ tierwise.timestamp_column(input, 'updated_at') }} as updated_at,
        {{ tierwise.text_column(input, 'channel') }} as channel,
        {{ tierwise.text_column(input, 'store_id') }} as store_id,
        {{ tierwise.boolean_column(input, 'is_test') }} as is_test,
        coalesce({{ tierwise.boolean_column(input, 'is_deleted') }}, false) as is_deleted,
        source_file_key,
        source_line,
        {{ tierwise.is_rounded(input, 'orders') }} as is_rounded,
        {{ tierwise.format_codes(input, 'orders') }} as format_codes,
        {# What a row looked like matters where it could not be read; elsewhere the columns say
           it. #}
        case
            when format_codes <> '' then {{ tierwise.faulty_column(input, 'orders') }}
        end as faulty_column,
        row_detail,
        case
            when format_codes <> '' then coalesce(raw_line, {{ tierwise.record_as_json(
                tierwise.given_columns(input, 'orders')
            ) }})
        end as source_record
    from source

)

select * from final
