{{ config(
    materialized=tierwise.loaded_as(),
    incremental_strategy='changed_keys',
    meta={'load': {'changes_from': ['int_order_lines_checked'], 'key': 'order_id'}},
) }}
{% set load = tierwise.load_state() %}

with

int_order_lines_checked as (

    select * from {{ ref('int_order_lines_checked') }}

),

{# Only lines that count have a say; a line that could not be read still says that its order is
   not whole. #}
valued as (

    select
        order_id,
        case when verdict = 'accepted' then line_amount end as line_amount,
        case when verdict = 'accepted' then discount_amount end as discount_amount,
        case when verdict = 'accepted' then cost_amount end as cost_amount,
        case when verdict = 'accepted' then customer_id end as customer_id,
        case when verdict = 'accepted' then ordered_at end as ordered_at,
        case when verdict = 'accepted' then currency_code end as currency_code,
        case when verdict = 'accepted' then status end as status,
        case when verdict = 'accepted' then updated_at end as updated_at,
        case when verdict = 'accepted' then channel end as channel,
        case when verdict = 'accepted' then store_id end as store_id,
        verdict = 'accepted' as is_accepted,
        verdict = 'quarantined' as is_quarantined,
        verdict = 'accepted' and is_test as is_test,
        verdict = 'accepted' and is_rounded as is_rounded
    from int_order_lines_checked
    where
        order_id is not null
        and {{ 'true' if load.is_rebuild else 'order_id in (' ~ load.changed_keys ~ ')' }}

),

totalled as (

    select
        order_id,
        cast(sum(line_amount) as decimal(18, 2)) as lines_amount,
        cast(sum(discount_amount) as decimal(18, 2)) as discount_amount,
        cast(sum(cost_amount) as decimal(18, 2)) as known_cost_amount,
        count(cost_amount) as known_cost_count,
        sum(case when is_accepted then 1 else 0 end) as line_count,
        sum(case when is_quarantined then 1 else 0 end) as quarantined_line_count,
        min(customer_id) as customer_id,
        max(customer_id) as last_customer_id,
        count(customer_id) as identified_line_count,
        min(ordered_at) as ordered_at,
        min(currency_code) as currency_code,
        max(currency_code) as last_currency_code,
        min(status) as status,
        max(status) as last_status,
        max(updated_at) as updated_at,
        min(channel) as channel,
        min(store_id) as store_id,
        bool_or(is_test) as is_test,
        bool_or(is_rounded) as is_rounded
    from valued
    group by 1

),

{# Lines that disagree about their order's customer, currency or status make no order that could be
   believed. #}
final as (

    select
        order_id,
        cast(line_count as bigint) as line_count,
        cast(quarantined_line_count as bigint) as quarantined_line_count,
        lines_amount,
        discount_amount,
        case when known_cost_count = line_count then known_cost_amount end as cost_amount,
        customer_id,
        ordered_at,
        currency_code,
        status,
        updated_at,
        channel,
        store_id,
        is_test,
        is_rounded,
        coalesce(customer_id <> last_customer_id, false)
        or (customer_id is not null and identified_line_count < line_count)
        or coalesce(currency_code <> last_currency_code, false)
        or coalesce(status <> last_status, false) as has_contradictions,
        {{ tierwise.load_columns(load) }}
    from totalled

)

select * from final
