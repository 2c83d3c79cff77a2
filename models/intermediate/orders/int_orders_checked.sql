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

{# Among several currencies a missing one is a question; a single one answers it. #}
table_facts as (

    select
        count(status) > 0 as has_statuses,
        case
            when count(currency_code) = 0 then '{{ base_currency }}'
            when count(distinct upper(currency_code)) = 1 then min(upper(currency_code))
        end as only_currency_code
    from int_orders_resolved
    where format_codes = ''

),

dated as (

    select
        int_orders_resolved.*,
        table_facts.has_statuses,
        coalesce(upper(int_orders_resolved.currency_code), table_facts.only_currency_code)
            as order_currency_code,
        cast({{ tierwise.utc_to_local('int_orders_resolved.ordered_at', time_zone) }} as date)
            as order_date,
        int_orders_resolved.gross_amount
        - coalesce(int_orders_resolved.discount_amount, 0) as net_amount
    from int_orders_resolved
    cross join table_facts

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
        {# A table without statuses holds finished orders; a blank among statuses is one nobody
           mapped. #}
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
        concat_ws(
            ',',
            nullif(format_codes, ''),
            case when is_conflicting then 'ORDER_CONFLICT' end,
            case when order_date < date '{{ min_order_date }}' then 'DATE_RANGE' end,
            case when is_test then 'TEST_ORDER' end,
            case when has_statuses and status_is_purchase is null then 'STATUS_UNKNOWN' end,
            case when net_amount < 0 then 'AMOUNT_NEGATIVE' end,
            case when order_currency_code is null then 'CURRENCY_MISSING' end,
            case
                when order_currency_code is not null and not currency_is_known
                    then 'CURRENCY_UNKNOWN'
            end,
            case
                when currency_is_known and order_date is not null and fx_rate is null
                    then 'FX_MISSING'
            end
        ) as reason_codes
    from matched

),

final as (

    select
        order_id,
        customer_id,
        ordered_at,
        order_date,
        gross_amount,
        discount_amount,
        net_amount,
        cost_amount,
        lines_amount,
        order_currency_code as currency_code,
        fx_rate,
        status,
        updated_at,
        channel,
        store_id,
        source_file,
        source_record,
        reason_codes,
        coalesce(status_is_purchase, not has_statuses) as status_is_purchase,
        case
            when format_codes <> '' or is_conflicting then 'quarantined'
            when is_superseded then 'superseded'
            when is_copy then 'collapsed'
            when reason_codes <> '' then 'quarantined'
            else 'accepted'
        end as verdict
    from coded

)

select * from final
