{% set retention_days = tierwise.setting('quarantine_retention_days') %}
{% set as_of_date = tierwise.setting('as_of_date') %}

with

int_rows_quarantined as (

    select * from {{ ref('int_rows_quarantined') }}

),

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

stg_commerce__files as (

    select * from {{ ref('stg_commerce__files') }}

),

reason_codes as (

    select * from {{ ref('reason_codes') }}

),

{# The build by what went into it: the same files, mapping and settings are the same run. #}
runs as (

    select
        md5(
            min(definition)
            || coalesce({{ tierwise.joined_rows(
                'source_table || coalesce(file_sha256, source_file)', ',',
                'source_table asc, coalesce(file_sha256, source_file) asc'
            ) }}, '')
        ) as run_id
    from stg_commerce__files
    where duplicate_of is null

),

newest as (

    select
        coalesce({{ "date '" ~ as_of_date ~ "'" if as_of_date else 'null' }}, max(order_date))
            as as_of_date
    from int_orders_accepted

),

explained as (

    select
        int_rows_quarantined.*,
        runs.run_id,
        coalesce(stg_commerce__files.source_file, 'order_lines') as source_file,
        stg_commerce__files.file_sha256,
        split_part(int_rows_quarantined.reason_codes, ',', 1) as reason_code,
        reason_codes.severity,
        coalesce(int_rows_quarantined.faulty_column, reason_codes.field) as field,
        coalesce(
            {{ tierwise.line_sha256(
                'stg_commerce__files.file_path', 'int_rows_quarantined.source_line'
            ) }},
            {{ tierwise.text_sha256('int_rows_quarantined.source_record') }}
        ) as line_sha256,
        coalesce({{ tierwise.days_between(
            'int_rows_quarantined.retained_from_date', 'newest.as_of_date'
        ) }} > {{ 'null' if retention_days is none else retention_days }}, false) as is_expired
    from int_rows_quarantined
    cross join runs
    cross join newest
    left join stg_commerce__files
        on
            int_rows_quarantined.source_table = stg_commerce__files.source_table
            and int_rows_quarantined.source_file_key = stg_commerce__files.source_file_key
            and stg_commerce__files.duplicate_of is null
    left join reason_codes
        on split_part(int_rows_quarantined.reason_codes, ',', 1) = reason_codes.reason_code

),

final as (

    select
        run_id,
        source_table,
        {# Rows that are alike to the letter may change places: nothing about them differs. #}
        cast(row_number() over (
            partition by source_table
            order by
                source_file asc nulls last, source_line asc nulls last,
                record_id asc nulls last, reason_codes asc nulls last,
                source_record asc nulls last
        ) as bigint) as row_in_table,
        source_file,
        file_sha256,
        source_line as line_number,
        line_sha256,
        record_id,
        business_date,
        reason_code,
        reason_codes,
        severity,
        field,
        {# What a line that is no row looked like was told when it was read. #}
        case
            when row_detail is not null then row_detail
            when field is not null and is_expired then field
            when field is not null
                then field || ' = ' || coalesce(
                    left({{ tierwise.json_text('source_record', 'field') }}, 200), 'null'
                )
        end as detail,
        case when not is_expired then source_record end as source_record
    from explained

)

select * from final
