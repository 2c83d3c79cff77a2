{% set tables = tierwise.quarantined_columns() %}
{% set amounts = {
    'orders': tierwise.base_amount('net_amount', 'fx_rate'),
    'order_lines': 'line_amount',
    'refunds': 'source_amount',
} %}

with

reason_codes as (

    select * from {{ ref('reason_codes') }}

),

fct_flagged_rows as (

    select * from {{ ref('fct_flagged_rows') }}

),

{# Every row with its month; what was accepted without a word only counts in the total. #}
judged_rows as (

    {% for table, (model, _, business_date, _) in tables.items() %}
    select
        '{{ table }}' as source_table,
        date_trunc('month', {{ business_date }}) as month_start,
        case
            when verdict = 'quarantined' then split_part(reason_codes, ',', 1)
            when verdict = 'collapsed' then 'DUPLICATE_ROW'
            when verdict = 'superseded' then 'SUPERSEDED'
            {% if table == 'orders' %}
            when is_deleted then 'ORDER_DELETED'
            when customer_id is null then 'GUEST_ORDER'
            {% endif %}
        end as reason_code,
        count(*) as row_count,
        sum({{ amounts.get(table, 'cast(null as decimal(18, 2))') }}) as affected_amount
    from {{ ref(model) }}
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

coded_rows as (

    select * from judged_rows
    where reason_code is not null
    union all
    select
        source_table,
        date_trunc('month', business_date) as month_start,
        reason_code,
        count(*) as row_count,
        sum(affected_amount) as affected_amount
    from fct_flagged_rows
    group by 1, 2, 3

),

read_rows as (

    select
        source_table,
        month_start,
        sum(row_count) as read_count
    from judged_rows
    group by 1, 2

),

final as (

    select
        coded_rows.source_table,
        coded_rows.reason_code,
        cast(coded_rows.month_start as date) as month_start_date,
        reason_codes.verdict,
        reason_codes.severity,
        cast(coded_rows.row_count as bigint) as row_count,
        cast(coded_rows.affected_amount as decimal(18, 2)) as affected_amount,
        cast(coalesce(read_rows.read_count, 0) as bigint) as read_count,
        {# A code about a file is about none of its rows. #}
        case
            when coded_rows.reason_code in ('FILE_DUPLICATE', 'SCHEMA_EXTRA_COLUMN') then 0
            else {{ tierwise.share('coded_rows.row_count', 'read_rows.read_count') }}
        end as row_share,
        cast(
            coded_rows.row_count - coalesce(lag(coded_rows.row_count) over (
                partition by
                    coded_rows.source_table,
                    coded_rows.reason_code,
                    coded_rows.month_start is null
                order by coded_rows.month_start asc
            ), 0) as bigint
        ) as row_count_change
    from coded_rows
    left join read_rows
        on
            coded_rows.source_table = read_rows.source_table
            and coded_rows.month_start is not distinct from read_rows.month_start
    left join reason_codes
        on coded_rows.reason_code = reason_codes.reason_code

)

select * from final
