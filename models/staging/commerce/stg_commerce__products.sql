{% set input = tierwise.input_source('products') %}

with

source as (

    select * from {{ input.relation }}

),

final as (

    select
        {{ tierwise.text_column(input, 'product_id') }} as product_id,
        {{ tierwise.text_column(input, 'name') }} as product_name,
        {{ tierwise.text_column(input, 'category') }} as product_category,
        {{ tierwise.text_column(input, 'brand') }} as product_brand,
        {{ tierwise.money_column(input, 'cost_amount') }} as unit_cost_amount,
        source_file_key,
        source_line,
        {{ tierwise.is_rounded(input, 'products') }} as is_rounded,
        {{ tierwise.format_codes(input, 'products') }} as format_codes,
        {# What a row looked like matters where it could not be read; elsewhere the columns say
           it. #}
        case
            when format_codes <> '' then {{ tierwise.faulty_column(input, 'products') }}
        end as faulty_column,
        row_detail,
        case
            when format_codes <> '' then coalesce(raw_line, {{ tierwise.record_as_json(
                tierwise.given_columns(input, 'products')
            ) }})
        end as source_record
    from source

)

select * from final
