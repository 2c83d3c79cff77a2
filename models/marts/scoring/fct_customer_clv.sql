with

int_customers_clv_summarised as (

    select * from {{ ref('int_customers_clv_summarised') }}

),

int_customers_clv_assigned as (

    select * from {{ ref('int_customers_clv_assigned') }}

),

int_clv_populations_summarised as (

    select * from {{ ref('int_clv_populations_summarised') }}

),

int_clv_cells_predicted as (

    select * from {{ ref('int_clv_cells_predicted') }}

),

joined as (

    select
        int_customers_clv_summarised.*,
        int_customers_clv_assigned.clv_group,
        int_customers_clv_assigned.clv_method,
        int_customers_clv_assigned.clv_reason,
        int_clv_populations_summarised.spend_method,
        int_clv_populations_summarised.spend_p,
        int_clv_populations_summarised.spend_q,
        int_clv_populations_summarised.mean_order_value,
        int_clv_populations_summarised.spend_gamma
        + int_customers_clv_summarised.repeat_net_amount as spend_scale,
        coalesce(
            abs(int_clv_populations_summarised.spend_frequency_correlation)
            > {{ tierwise.setting('clv_spend_correlation_limit') }}, false
        ) as has_spend_warning,
        int_clv_cells_predicted.probability_alive,
        int_clv_cells_predicted.probability_of_order,
        int_clv_cells_predicted.orders_lower,
        int_clv_cells_predicted.orders_upper,
        int_clv_cells_predicted.spend_lower_factor,
        int_clv_cells_predicted.spend_upper_factor,
        {{ tierwise.setting('clv_horizon_days') }} as clv_horizon_days,
        coalesce(
            int_clv_cells_predicted.expected_orders,
            int_clv_populations_summarised.daily_orders * {{ tierwise.setting('clv_horizon_days') }}
        ) as expected_orders,
        coalesce(
            int_clv_cells_predicted.discounted_expected_orders,
            int_clv_populations_summarised.daily_orders
            * {{ tierwise.discounted_days(tierwise.setting('clv_horizon_days')) }}
        ) as discounted_expected_orders
    from int_customers_clv_summarised
    inner join int_customers_clv_assigned
        on
            int_customers_clv_summarised.as_of_date = int_customers_clv_assigned.as_of_date
            and int_customers_clv_summarised.customer_id = int_customers_clv_assigned.customer_id
    inner join int_clv_populations_summarised
        on
            int_customers_clv_assigned.as_of_date = int_clv_populations_summarised.as_of_date
            and int_customers_clv_assigned.clv_group = int_clv_populations_summarised.clv_group
    left join int_clv_cells_predicted
        on
            int_customers_clv_assigned.as_of_date = int_clv_cells_predicted.as_of_date
            and int_customers_clv_assigned.clv_group = int_clv_cells_predicted.clv_group
            and int_customers_clv_summarised.repeat_day_count
            = int_clv_cells_predicted.repeat_day_count
            and int_customers_clv_summarised.last_repeat_days
            = int_clv_cells_predicted.last_repeat_days
            and int_customers_clv_summarised.customer_age_days
            = int_clv_cells_predicted.customer_age_days
    where int_customers_clv_summarised.first_order_date is not null

),

{# Fader and Hardie 2013, equation 5: the customer's own spend, weighed against everybody's. #}
valued as (

    select
        *,
        case
            when spend_method = 'gamma_gamma'
                then spend_p * spend_scale / (spend_p * repeat_day_count + spend_q - 1)
            else mean_order_value
        end as order_value,
        coalesce(discounted_expected_orders / nullif(expected_orders, 0), 1) as discount_factor
    from joined

),

final as (

    select
        as_of_date,
        customer_id,
        clv_group,
        clv_method,
        clv_reason,
        spend_method,
        has_spend_warning,
        clv_horizon_days,
        repeat_day_count,
        last_repeat_days,
        customer_age_days,
        repeat_net_amount,
        probability_alive,
        probability_of_order,
        expected_orders,
        cast(orders_lower as integer) as expected_orders_lower,
        cast(orders_upper as integer) as expected_orders_upper,
        cast(order_value as decimal(18, 2)) as expected_order_amount,
        cast(discounted_expected_orders * order_value as decimal(18, 2)) as clv_amount,
        cast(spend_lower_factor * spend_scale * discount_factor as decimal(18, 2))
            as clv_lower_amount,
        cast(spend_upper_factor * spend_scale * discount_factor as decimal(18, 2))
            as clv_upper_amount,
        cast(discounted_expected_orders * order_value * profit_share as decimal(18, 2))
            as clv_profit_amount
    from valued

)

select * from final
