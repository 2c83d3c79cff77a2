with

util_periods as (

    select * from {{ ref('util_periods') }}

),

int_customer_days_totalled as (

    select * from {{ ref('int_customer_days_totalled') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

tier_overrides as (

    select * from {{ ref('tier_overrides') }}

),

days as (

    select
        known_from_date,
        {{ tierwise.rows_fingerprint([
            'customer_id', 'order_date', 'known_from_date', 'purchase_count', 'net_amount', 'profit_amount'
        ]) }} as day_fingerprint
    from int_customer_days_totalled
    group by 1

),

opted_out as (

    select {{ tierwise.rows_fingerprint(['customer_id']) }} as opted_out_fingerprint
    from int_customers_unioned
    where is_opted_out_of_profiling

),

overridden as (

    select
        {{ tierwise.rows_fingerprint(
            ['customer_id', 'policy_name', 'tier_code', 'valid_from', 'valid_to']
        ) }} as overridden_fingerprint
    from tier_overrides

),

known as (

    select
        util_periods.period_end_date,
        util_periods.previous_period_end_date,
        util_periods.period_number,
        util_periods.is_latest_period,
        sum(days.day_fingerprint) as known_fingerprint
    from util_periods
    left join days
        on util_periods.period_end_date >= days.known_from_date
    group by 1, 2, 3, 4

),

final as (

    select
        known.period_end_date,
        known.previous_period_end_date,
        known.period_number,
        known.is_latest_period,
        concat(
            '{{ tierwise.history_definition() }}',
            '.', cast(known.period_end_date as string),
            '.', coalesce(cast(known.previous_period_end_date as string), ''),
            '.', cast(known.is_latest_period as string),
            '.', coalesce(cast(known.known_fingerprint as string), ''),
            '.', coalesce(cast(opted_out.opted_out_fingerprint as string), ''),
            '.', coalesce(cast(overridden.overridden_fingerprint as string), '')
        ) as period_fingerprint
    from known
    cross join opted_out
    cross join overridden

)

select * from final
