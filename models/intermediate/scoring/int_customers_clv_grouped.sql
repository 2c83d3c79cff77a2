{% set group = tierwise.setting('clv_group') %}

-- depends_on: {{ ref('int_orders_accepted') }}
with

int_customers_clv_summarised as (

    select * from {{ ref('int_customers_clv_summarised') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

{% if group == 'acquisition_channel' %}
int_orders_accepted as (

    select * from {{ ref('int_orders_accepted') }}

),

ordered as (

    select
        int_customers_clv_summarised.as_of_date,
        int_customers_clv_summarised.customer_id,
        int_orders_accepted.channel,
        row_number() over (
            partition by
                int_customers_clv_summarised.as_of_date,
                int_customers_clv_summarised.customer_id
            order by int_orders_accepted.ordered_at asc, int_orders_accepted.order_id asc
        ) as order_number
    from int_orders_accepted
    inner join int_customers_clv_summarised
        on
            int_orders_accepted.customer_id = int_customers_clv_summarised.customer_id
            and int_orders_accepted.order_date = coalesce(
                int_customers_clv_summarised.calibration_first_order_date,
                int_customers_clv_summarised.first_order_date
            )
    where int_orders_accepted.is_purchase

),

first_orders as (

    select
        as_of_date,
        customer_id,
        channel as acquisition_channel
    from ordered
    where order_number = 1

),

{% endif %}
named as (

    select
        int_customers_clv_summarised.as_of_date,
        int_customers_clv_summarised.customer_id,
        int_customers_clv_summarised.calibration_repeat_day_count,
        int_customers_clv_summarised.customer_age_days,
        {{ {
            'acquisition_year': 'cast(extract(year from coalesce(
                int_customers_clv_summarised.calibration_first_order_date,
                int_customers_clv_summarised.first_order_date
            )) as string)',
            'acquisition_channel': 'first_orders.acquisition_channel',
            'region': 'int_customers_unioned.region',
            'industry': 'int_customers_unioned.industry',
        }.get(group, 'cast(null as string)') }} as group_name
    from int_customers_clv_summarised
    inner join int_customers_unioned
        on int_customers_clv_summarised.customer_id = int_customers_unioned.customer_id
    {% if group == 'acquisition_channel' %}
    left join first_orders
        on
            int_customers_clv_summarised.as_of_date = first_orders.as_of_date
            and int_customers_clv_summarised.customer_id = first_orders.customer_id
    {% endif %}

),

groups as (

    select
        as_of_date,
        group_name,
        count(case when calibration_repeat_day_count > 0 then 1 end) as repeat_customer_count,
        max(customer_age_days) as history_days
    from named
    where group_name is not null
    group by 1, 2

),

{# A group too thin for a fit of its own is judged by all customers together. #}
final as (

    select
        named.as_of_date,
        named.customer_id,
        case
            when
                groups.repeat_customer_count >= {{ tierwise.setting('clv_min_repeat_customers') }}
                and groups.history_days >= {{ tierwise.setting('clv_min_history_days') }}
                then '{{ group }}: ' || named.group_name
            else 'all'
        end as clv_group
    from named
    left join groups
        on
            named.as_of_date = groups.as_of_date
            and named.group_name = groups.group_name

)

select * from final
