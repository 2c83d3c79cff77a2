{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {
        'changes_from': ['int_orders_resolved'],
        'key': 'order_id',
        'depends_on': ['order_status_map', 'fx_rates'],
        'facts': tierwise.table_facts(),
    }},
) }}
{% set load = tierwise.load_state() %}
{% set base_currency = tierwise.setting('base_currency') %}
{% set min_order_date = tierwise.setting('min_order_date') %}
{% set time_zone = tierwise.setting('business_timezone') %}

with

int_orders_resolved as (

    select * from {{ ref('int_orders_resolved') }}

),

order_status_map as (

    select * from {{ ref('order_status_map') }}

),

fx_rates as (

    select * from {{ ref('fx_rates') }}

),

known_currencies as (

    select currency_code
    from fx_rates
    group by 1

),

{# True of the whole table at once: where it changes, load_state has every order judged again. #}
table_facts as (

    select {{ tierwise.table_facts() }}
    from int_orders_resolved

),

dated as (

    select
        int_orders_resolved.*,
        table_facts.has_statuses,
        {# Among several currencies a missing one is a question; a single one answers it. #}
        coalesce(upper(int_orders_resolved.currency_code), table_facts.only_currency_code)
            as order_currency_code,
        cast({{ tierwise.utc_to_local('int_orders_resolved.ordered_at', time_zone) }} as date)
            as order_date,
        int_orders_resolved.gross_amount
        - coalesce(int_orders_resolved.discount_amount, 0) as net_amount,
        {# A notice of deletion, and an order without a readable line, have nothing to be judged. #}
        not int_orders_resolved.is_deleted
        and int_orders_resolved.format_codes <> 'LINES_UNREADABLE' as is_order
    from int_orders_resolved
    cross join table_facts
    {% if not load.is_rebuild %}
    where
        int_orders_resolved.order_id in ({{ load.changed_keys }})
        or (
            int_orders_resolved.order_id is null
            and int_orders_resolved.load_number > {{ load.seen_before[0] }}
        )
    {% endif %}

),

matched as (

    select
        dated.*,
        case
            when dated.order_currency_code = '{{ base_currency }}' then 1
            else fx_rates.rate_to_base
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
    left join fx_rates
        on
            dated.order_currency_code = fx_rates.currency_code
            and dated.order_date >= fx_rates.valid_from
            and (dated.order_date < fx_rates.valid_to or fx_rates.valid_to is null)

),

coded as (

    select
        *,
        {# One primary code per row: the first that applies, in this order. #}
        {{ tierwise.joined_codes({
            'ORDER_CONFLICT': 'is_conflicting',
            'DATE_RANGE': "is_order and order_date < date '" ~ min_order_date ~ "'",
            'TEST_ORDER': 'is_order and is_test',
            'STATUS_UNKNOWN': 'is_order and has_statuses and status_is_purchase is null',
            'AMOUNT_NEGATIVE': 'is_order and net_amount < 0',
            'CURRENCY_MISSING': 'is_order and order_currency_code is null',
            'CURRENCY_UNKNOWN':
                'is_order and order_currency_code is not null and not currency_is_known',
            'FX_MISSING':
                'is_order and currency_is_known and order_date is not null and fx_rate is null',
        }, 'format_codes') }} as reason_codes
    from matched

),

final as (

    select
        {{ tierwise.order_columns() | join(',\n        ') }},
        order_date,
        {{ tierwise.known_from_date('first_updated_at') }} as known_from_date,
        net_amount,
        order_currency_code as currency_code,
        fx_rate,
        reason_codes,
        coalesce(status_is_purchase, not has_statuses) as status_is_purchase,
        case
            when format_codes <> '' or is_conflicting then 'quarantined'
            when is_superseded then 'superseded'
            when is_copy then 'collapsed'
            when reason_codes <> '' then 'quarantined'
            else 'accepted'
        end as verdict,
        {{ tierwise.load_columns(load) }}
    from coded

)

select * from final
