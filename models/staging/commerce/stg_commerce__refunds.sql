{% set input = tierwise.input_source('refunds') %}

with

source as (

    select * from {{ input.relation }}

),

final as (

    select
        {{ tierwise.text_column(input, 'refund_id') }} as refund_id,
        {{ tierwise.text_column(input, 'order_id') }} as order_id,
        {{ tierwise.timestamp_column(input, 'refunded_at') }} as refunded_at,
        {{ tierwise.money_column(input, 'amount') }} as refund_amount,
        {{ tierwise.text_column(input, 'reason') }} as refund_reason,
        source_file_key,
        source_line,
        {{ tierwise.is_rounded(input, 'refunds') }} as is_rounded,
        {{ tierwise.format_codes(input, 'refunds') }} as format_codes,
        {# What a row looked like matters where it could not be read; elsewhere the columns say
           it. #}
        case
            when format_codes <> '' then {{ tierwise.faulty_column(input, 'refunds') }}
        end as faulty_column,
        row_detail,
        case
            when format_codes <> '' then coalesce(raw_line, {{ tierwise.record_as_json(
                tierwise.given_columns(input, 'refunds')
            ) }})
        end as source_record
    from source

)

select * from final
