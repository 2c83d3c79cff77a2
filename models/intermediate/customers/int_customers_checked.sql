with

stg_commerce__customers as (

    select * from {{ ref('stg_commerce__customers') }}

),

fingerprinted as (

    select
        *,
        {{ tierwise.row_fingerprint([
            'created_at', 'birth_date', 'region', 'industry', 'owner_id', 'customer_attributes',
            'has_marketing_consent', 'is_opted_out_of_profiling',
        ]) }} as fingerprint
    from stg_commerce__customers

),

compared as (

    select
        *,
        row_number() over (
            partition by customer_id, fingerprint, format_codes
            order by source_file asc
        ) as copy_number,
        min(fingerprint) over (partition by customer_id, format_codes)
        <> max(fingerprint) over (partition by customer_id, format_codes) as is_conflicting,
        {# A wish that cannot be read is taken for a no: the other way cannot be taken back. #}
        max(
            case
                when is_opted_out_of_profiling or format_codes like '%FLAG_FORMAT%' then 1 else 0
            end
        ) over (partition by customer_id) = 1 as has_any_opt_out
    from fingerprinted

),

final as (

    select
        customer_id,
        created_at,
        birth_date,
        region,
        industry,
        owner_id,
        customer_attributes,
        has_marketing_consent,
        is_opted_out_of_profiling,
        has_any_opt_out,
        source_file,
        source_record,
        case
            when format_codes <> '' then format_codes
            when is_conflicting then 'CUSTOMER_CONFLICT'
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
