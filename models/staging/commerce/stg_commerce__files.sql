{{ config(materialized='table') }}
{% set inputs = {} %}
{% for table in tierwise.input_contract() %}
{% do inputs.update({table: tierwise.input_source(table)}) %}
{% endfor %}

with

found as (

    select
        cast(null as string) as source_table,
        cast(null as string) as source_file,
        cast(null as bigint) as source_file_key,
        cast(null as string) as file_sha256,
        cast(null as string) as file_path,
        cast(null as string) as duplicate_of,
        cast(null as bigint) as row_count,
        cast(null as bigint) as rejected_count,
        cast(null as boolean) as is_read_by_line,
        cast(null as bigint) as first_line,
        cast(null as string) as extra_columns
    where 1 = 0
    {% for table, input in inputs.items() %}
    {% for file in input.files %}
    union all
    select
        '{{ table }}',
        {{ tierwise.text_literal(file.label) }},
        {{ file.key }},
        {{ tierwise.text_literal(file.sha256) }},
        {{ tierwise.text_literal(file.path if file.format == 'csv') }},
        {{ tierwise.text_literal(file.duplicate_of) }},
        {{ 'null' if file.rows is not number else file.rows }},
        {{ file.rejected_rows or 0 }},
        {{ 'true' if file.line_by_line else 'false' }},
        {{ file.first_line or 'null' }},
        {{ tierwise.text_literal(input.extra_columns | join(', ') or none) }}
    {% endfor %}
    {% endfor %}

),

{# Rows the mapping leaves out by its `where` are its own business, but not a secret. #}
left_out as (

    select
        cast(null as string) as source_table,
        cast(null as bigint) as source_file_key,
        cast(null as bigint) as left_out_count
    where 1 = 0
    {% for table, input in inputs.items() if input.left_out %}
    union all
    select
        '{{ table }}',
        {{ '_file_key' if input.entry.path else input.files[0].key }},
        count(*)
    from {{ input.left_out }}
    group by 1, 2
    {% endfor %}

),

final as (

    select
        found.source_table,
        found.source_file,
        found.source_file_key,
        found.file_sha256,
        found.file_path,
        found.duplicate_of,
        found.row_count,
        found.rejected_count,
        coalesce(left_out.left_out_count, 0) as left_out_count,
        found.is_read_by_line,
        found.first_line,
        found.extra_columns,
        '{{ tierwise.loading_definition() if execute else '' }}' as definition
    from found
    left join left_out
        on
            found.source_table = left_out.source_table
            and found.source_file_key = left_out.source_file_key
            and found.duplicate_of is null

)

select * from final
