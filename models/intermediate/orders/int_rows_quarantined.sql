{% set retention_days = tierwise.setting('quarantine_retention_days') %}
{% set tables = tierwise.quarantined_columns() %}

with

{% for table, (model, key, business_date, columns) in tables.items() %}
{{ table }} as (

    select
        '{{ table }}' as source_table,
        source_file_key,
        source_line,
        {{ key }} as record_id,
        {{ business_date }} as business_date,
        reason_codes,
        faulty_column,
        row_detail,
        coalesce(source_record, {{ tierwise.record_as_json(columns) }}) as source_record
    from {{ ref(model) }}
    where verdict = 'quarantined'

),

{% endfor %}
all_rows as (

    {% for table in tables %}
    select * from {{ table }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

file_days as (

    {% for table, (model, key, business_date, columns) in tables.items() %}
    select
        '{{ table }}' as source_table,
        source_file_key,
        max({{ business_date }}) as newest_date
    from {{ ref(model) }}
    where {{ 'false' if retention_days is none else 'true' }}
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        all_rows.*,
        {# A row whose day cannot be read is as old as the newest row of its file. #}
        coalesce(all_rows.business_date, file_days.newest_date) as retained_from_date
    from all_rows
    left join file_days
        on
            all_rows.source_table = file_days.source_table
            and all_rows.source_file_key = file_days.source_file_key

)

select * from final
