with

stg_commerce__customers as (

    select * from {{ ref('stg_commerce__customers') }}

),

int_customer_merges_resolved as (

    select * from {{ ref('int_customer_merges_resolved') }}

),

{# What is known of an id that was merged away no longer stands for anybody; its wish not to be
   profiled goes with the person. #}
merged as (

    select
        stg_commerce__customers.*,
        int_customer_merges_resolved.surviving_customer_id is not null as is_merged_away,
        coalesce(
            int_customer_merges_resolved.surviving_customer_id, stg_commerce__customers.customer_id
        ) as person_id
    from stg_commerce__customers
    left join int_customer_merges_resolved
        on
            stg_commerce__customers.customer_id = int_customer_merges_resolved.customer_id
            and not int_customer_merges_resolved.is_circular

),

fingerprinted as (

    select
        *,
        {{ tierwise.row_fingerprint([
            'created_at', 'birth_date', 'region', 'industry', 'owner_id', 'customer_attributes',
            'has_marketing_consent', 'is_opted_out_of_profiling',
        ]) }} as fingerprint
    from merged

),

compared as (

    select
        *,
        row_number() over (
            partition by customer_id, fingerprint, format_codes
            order by source_file_key asc, source_line asc
        ) as copy_number,
        min(fingerprint) over (partition by customer_id, format_codes)
        <> max(fingerprint) over (partition by customer_id, format_codes) as is_conflicting,
        {# A wish that cannot be read is taken for a no: the other way cannot be taken back. #}
        max(
            case
                when is_opted_out_of_profiling or format_codes like '%FLAG_FORMAT%' then 1 else 0
            end
        ) over (partition by person_id) = 1 as has_any_opt_out
    from fingerprinted

),

final as (

    select
        customer_id,
        person_id,
        created_at,
        birth_date,
        region,
        industry,
        owner_id,
        customer_attributes,
        has_marketing_consent,
        is_opted_out_of_profiling,
        has_any_opt_out,
        source_file_key,
        source_line,
        faulty_column,
        row_detail,
        source_record,
        case
            when format_codes <> '' then format_codes
            when is_conflicting then 'CUSTOMER_CONFLICT'
            else ''
        end as reason_codes,
        case
            when format_codes <> '' or is_conflicting then 'quarantined'
            when copy_number > 1 then 'collapsed'
            when is_merged_away then 'superseded'
            else 'accepted'
        end as verdict
    from compared

)

select * from final
