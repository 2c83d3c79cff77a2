with

stg_commerce__refunds as (

    select * from {{ ref('stg_commerce__refunds') }}

),

int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

fingerprinted as (

    select
        *,
        cast({{ tierwise.utc_to_local(
            'refunded_at', tierwise.setting('business_timezone')
        ) }} as date) as refund_date,
        {{ tierwise.row_fingerprint(
            ['order_id', 'refunded_at', 'refund_amount', 'refund_reason']
        ) }} as fingerprint
    from stg_commerce__refunds

),

{# Rows that could not be read neither repeat nor contradict another. #}
compared as (

    select
        *,
        row_number() over (
            partition by refund_id, fingerprint, format_codes
            order by source_file_key asc, source_line asc
        ) as copy_number,
        min(fingerprint) over (partition by refund_id, format_codes)
        <> max(fingerprint) over (partition by refund_id, format_codes) as is_conflicting
    from fingerprinted

),

linked as (

    select
        compared.*,
        int_orders_accepted.customer_id,
        int_orders_accepted.order_date,
        int_orders_accepted.net_amount as order_net_amount,
        int_orders_accepted.fx_rate,
        int_orders_accepted.order_id is not null as has_order,
        compared.format_codes = '' and not compared.is_conflicting and compared.copy_number = 1
        and compared.refund_amount > 0 and int_orders_accepted.order_id is not null as is_candidate
    from compared
    left join int_orders_accepted
        on compared.order_id = int_orders_accepted.order_id

),

{# Refunds count in the order they were made, so the one that goes beyond the order's amount is
   the one in question. #}
accumulated as (

    select
        *,
        cast(coalesce(sum(case when is_candidate then refund_amount end) over (
            partition by order_id
            order by refunded_at asc, refund_id asc
            rows between unbounded preceding and current row
        ), 0) as decimal(28, 2)) as refunded_so_far_amount
    from linked

),

{# Converted as all so far less all before it: parts rounded one by one might come to a cent more
   than the order. #}
converted as (

    select
        *,
        {{ tierwise.base_amount('refunded_so_far_amount', 'fx_rate') }} as base_so_far_amount,
        {{ tierwise.base_amount('refunded_so_far_amount - refund_amount', 'fx_rate') }}
            as base_before_amount
    from accumulated

),

coded as (

    select
        *,
        concat_ws(
            ',',
            nullif(format_codes, ''),
            case when format_codes = '' and is_conflicting then 'REFUND_CONFLICT' end,
            case when refund_amount <= 0 then 'AMOUNT_NEGATIVE' end,
            case when format_codes = '' and not has_order then 'REFUND_ORPHAN' end,
            case
                when is_candidate and base_so_far_amount > order_net_amount
                    then 'REFUND_EXCEEDS'
            end
        ) as reason_codes
    from converted

),

final as (

    select
        refund_id,
        order_id,
        refunded_at,
        refund_date,
        refund_amount as source_amount,
        cast(base_so_far_amount - base_before_amount as decimal(18, 2)) as refund_amount,
        refund_reason,
        source_file_key,
        source_line,
        faulty_column,
        row_detail,
        source_record,
        reason_codes,
        case
            when format_codes <> '' or is_conflicting then 'quarantined'
            when copy_number > 1 then 'collapsed'
            when reason_codes <> '' then 'quarantined'
            else 'accepted'
        end as verdict
    from coded

)

select * from final
