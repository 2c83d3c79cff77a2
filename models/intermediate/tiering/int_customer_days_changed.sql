{{ config(materialized='view') }}
{% set abc = 'profit_amount' if tierwise.setting('abc_metric') == 'profit' else 'net_amount' %}
{% set same_windows = tierwise.same_windows() %}

with

int_customer_days_placed as (

    select * from {{ ref('int_customer_days_placed') }}

),

{# Read again, as they are few: a CTE that is used twice would keep all days in memory. #}
passing_days as (

    select *
    from {{ ref('int_customer_days_placed') }}
    where ended_period_number is not null

),

change_types as (

    select 'entered' as change_type
    union all
    select 'ended' as change_type
    {% for window in same_windows.values() | unique %}
    union all
    select 'left_{{ window }}' as change_type
    {% endfor %}

),

{# A day comes, leaves one window after the other, or all of them at once when it is corrected. #}
typed as (

    select
        int_customer_days_placed.*,
        change_types.change_type,
        case change_types.change_type
            when 'entered' then int_customer_days_placed.entered_period_number
            when 'ended' then int_customer_days_placed.ended_period_number
            {% for window in same_windows.values() | unique %}
            when 'left_{{ window }}'
                then case
                    when
                        int_customer_days_placed.{{ window }}_left_number
                        > int_customer_days_placed.entered_period_number
                        and coalesce(
                            int_customer_days_placed.{{ window }}_left_number
                            < int_customer_days_placed.ended_period_number, true
                        )
                        then int_customer_days_placed.{{ window }}_left_number
                end
            {% endfor %}
        end as period_number
    from int_customer_days_placed
    cross join change_types

),

signed as (

    select
        *,
        case change_type when 'entered' then 1 when 'ended' then -1 else 0 end as day_sign,
        {% for window in same_windows.values() | unique %}
        case
            when change_type = 'left_{{ window }}' then -1
            when
                change_type = 'entered'
                and coalesce({{ window }}_left_number > period_number, true)
                then 1
            when
                change_type = 'ended'
                and coalesce({{ window }}_left_number >= period_number, true)
                then -1
            else 0
        end as {{ window }}_sign,
        {% endfor %}
        change_type = 'entered' and is_in_period as is_bought
    from typed
    where period_number is not null

),

{# First and last order dates are added for good, but for days that end: these stand by period. #}
final as (

    select
        customer_id,
        order_date,
        is_corrected,
        entered_period_number,
        change_type,
        period_number,
        day_sign as day_delta,
        {% for window in ['rfm', 'value'] %}
        {{ same_windows[window] }}_sign * purchase_count as {{ window }}_order_delta,
        {{ same_windows[window] }}_sign * net_amount as {{ window }}_net_delta,
        {% endfor %}
        {{ same_windows['abc'] }}_sign * {{ abc }} as abc_delta,
        case when is_bought then purchase_count else 0 end as period_order_count,
        case when is_bought then net_amount else 0 end as period_net_revenue_amount,
        case when change_type = 'entered' and ended_period_number is null then order_date end
            as added_date,
        cast(null as date) as passing_date
    from signed
    union all
    select
        customer_id,
        order_date,
        is_corrected,
        entered_period_number,
        'passing' as change_type,
        {{ tierwise.numbers_between('entered_period_number', 'ended_period_number - 1') }}
            as period_number,
        0 as day_delta,
        {% for window in ['rfm', 'value'] %}
        0 as {{ window }}_order_delta,
        0 as {{ window }}_net_delta,
        {% endfor %}
        0 as abc_delta,
        0 as period_order_count,
        0 as period_net_revenue_amount,
        cast(null as date) as added_date,
        order_date as passing_date
    from passing_days

)

select * from final
