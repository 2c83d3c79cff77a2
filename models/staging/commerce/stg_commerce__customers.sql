{% set input = tierwise.input_source('customers') %}

with

source as (

    select * from {{ input.relation }}

),

final as (

    select
        {{ tierwise.customer_id_column(input, 'customer_id') }} as customer_id,
        {{ tierwise.timestamp_column(input, 'created_at') }} as created_at,
        {{ tierwise.date_column(input, 'birthday') }} as birth_date,
        {{ tierwise.text_column(input, 'region') }} as region,
        {{ tierwise.text_column(input, 'industry') }} as industry,
        {{ tierwise.text_column(input, 'owner_id') }} as owner_id,
        {{ tierwise.text_column(input, 'attributes') }} as customer_attributes,
        {{ tierwise.boolean_column(input, 'marketing_consent') }} as has_marketing_consent,
        {{ tierwise.boolean_column(input, 'profiling_opt_out') }} as is_opted_out_of_profiling,
        source_file_key,
        source_line,
        {{ tierwise.format_codes(input, 'customers') }} as format_codes,
        {# What a row looked like matters where it could not be read; elsewhere the columns say
           it. #}
        case
            when format_codes <> '' then {{ tierwise.faulty_column(input, 'customers') }}
        end as faulty_column,
        row_detail,
        case
            when format_codes <> '' then coalesce(raw_line, {{ tierwise.record_as_json(
                tierwise.given_columns(input, 'customers')
            ) }})
        end as source_record
    from source

)

select * from final
