{#
    Classes are given to blocks of equal amounts and joined back by the amount: a block that is missed or met twice would
    change the amounts while the shares still look right.
#}
{% set metric_is_profit = tierwise.setting('abc_metric') == 'profit' %}

with

fct_customer_abc_classes as (

    select * from {{ ref('fct_customer_abc_classes') }}

),

int_customers_purchases_summarised as (

    select * from {{ ref('int_customers_purchases_summarised') }}

),

rpt_abc_concentration as (

    select * from {{ ref('rpt_abc_concentration') }}

),

classed as (

    select
        as_of_date,
        count(*) as customer_count,
        sum(metric_amount) as metric_amount,
        sum(greatest(metric_amount, 0)) as total_amount
    from fct_customer_abc_classes
    group by 1

),

summarised as (

    select
        as_of_date,
        count(*) as customer_count,
        sum({{ 'profit_amount' if metric_is_profit else 'net_revenue_amount' }}) as metric_amount
    from int_customers_purchases_summarised
    where not is_opted_out_of_profiling
    group by 1

),

final as (

    select
        classed.metric_amount,
        summarised.metric_amount as customers_metric_amount,
        classed.total_amount,
        rpt_abc_concentration.total_amount as published_total_amount,
        coalesce(classed.as_of_date, summarised.as_of_date) as as_of_date
    from classed
    full outer join summarised
        on classed.as_of_date = summarised.as_of_date
    left join rpt_abc_concentration
        on
            classed.as_of_date = rpt_abc_concentration.as_of_date
            and rpt_abc_concentration.subject = 'customer'
    where
        classed.customer_count is distinct from summarised.customer_count
        or classed.metric_amount is distinct from summarised.metric_amount
        or classed.total_amount is distinct from rpt_abc_concentration.total_amount

)

select * from final
