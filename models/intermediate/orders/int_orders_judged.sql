{{ config(materialized='view') }}
{% set base_currency = tierwise.setting('base_currency') %}
{% set min_order_date = tierwise.setting('min_order_date') %}
{% set time_zone = tierwise.setting('business_timezone') %}

with

int_orders_unioned as (

    select * from {{ ref('int_orders_unioned') }}

),

order_status_map as (

    select * from {{ ref('order_status_map') }}

),

fx_rates as (

    select * from {{ ref('fx_rates') }}

),

{# Joins compare columns and nothing else: on anything more DuckDB compares every pair of rows. #}
rates as (

    select
        currency_code,
        valid_from,
        rate_to_base,
        coalesce({{ tierwise.days_before('valid_to', 1) }}, date '9999-12-31') as last_date
    from fx_rates

),

known_currencies as (

    select currency_code
    from fx_rates
    group by 1

),

{# True of the whole table at once: where it changes, load_state has every order judged again. #}
table_facts as (

    select {{ tierwise.table_facts() }}
    from {{ ref('int_orders_unioned') }}

),

dated as (

    select
        int_orders_unioned.*,
        table_facts.has_statuses,
        {# Among several currencies a missing one is a question; a single one answers it. #}
        coalesce(upper(int_orders_unioned.currency_code), table_facts.only_currency_code)
            as order_currency_code,
        cast({{ tierwise.utc_to_local('int_orders_unioned.ordered_at', time_zone) }} as date)
            as order_date,
        int_orders_unioned.gross_amount
        - coalesce(int_orders_unioned.discount_amount, 0) as net_amount,
        {# A notice of deletion, and an order without a readable line, have nothing to be judged. #}
        not int_orders_unioned.is_deleted
        and int_orders_unioned.format_codes <> 'LINES_UNREADABLE' as is_order
    from int_orders_unioned
    cross join table_facts

),

matched as (

    select
        dated.*,
        case
            when dated.order_currency_code = '{{ base_currency }}' then 1
            else rates.rate_to_base
        end as fx_rate,
        known_currencies.currency_code is not null
        or dated.order_currency_code = '{{ base_currency }}' as currency_is_known,
        {# Without statuses orders are finished; a blank among statuses is one nobody mapped. #}
        order_status_map.is_purchase as status_is_purchase
    from dated
    left join order_status_map
        on lower(dated.status) = order_status_map.source_status
    left join known_currencies
        on dated.order_currency_code = known_currencies.currency_code
    left join rates
        on
            dated.order_currency_code = rates.currency_code
            and dated.order_date >= rates.valid_from
            and dated.order_date <= rates.last_date

),

final as (

    select
        {{ tierwise.order_columns() | join(',\n        ') }},
        currency_code,
        format_codes,
        load_number,
        order_date,
        net_amount,
        order_currency_code,
        fx_rate,
        coalesce(status_is_purchase, not has_statuses) as status_is_purchase,
        {# The first that applies is the primary code, unless versions contradict each other. #}
        {{ tierwise.joined_codes({
            'DATE_RANGE': "is_order and order_date < date '" ~ min_order_date ~ "'",
            'TEST_ORDER': 'is_order and is_test',
            'STATUS_UNKNOWN': 'is_order and has_statuses and status_is_purchase is null',
            'AMOUNT_NEGATIVE': 'is_order and net_amount < 0',
            'CURRENCY_MISSING': 'is_order and order_currency_code is null',
            'CURRENCY_UNKNOWN':
                'is_order and order_currency_code is not null and not currency_is_known',
            'FX_MISSING':
                'is_order and currency_is_known and order_date is not null and fx_rate is null',
        }, 'format_codes') }} as judged_codes
    from matched

)

select * from final
