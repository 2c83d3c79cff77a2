with

stg_commerce__products as (

    select * from {{ ref('stg_commerce__products') }}

),

fingerprinted as (

    select
        *,
        {{ tierwise.row_fingerprint(
            ['product_name', 'product_category', 'product_brand', 'unit_cost_amount']
        ) }} as fingerprint
    from stg_commerce__products

),

compared as (

    select
        *,
        row_number() over (
            partition by product_id, fingerprint, format_codes
            order by source_file_key asc, source_line asc
        ) as copy_number,
        min(fingerprint) over (partition by product_id, format_codes)
        <> max(fingerprint) over (partition by product_id, format_codes) as is_conflicting
    from fingerprinted

),

final as (

    select
        product_id,
        product_name,
        product_category,
        product_brand,
        unit_cost_amount,
        source_file_key,
        source_line,
        faulty_column,
        row_detail,
        source_record,
        case
            when format_codes <> '' then format_codes
            when is_conflicting then 'PRODUCT_CONFLICT'
            else ''
        end as reason_codes,
        case
            when format_codes <> '' or is_conflicting then 'quarantined'
            when copy_number > 1 then 'collapsed'
            else 'accepted'
        end as verdict
    from compared

)

select * from final
