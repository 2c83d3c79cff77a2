{% set share_below = tierwise.share(
    'customers_below + 0.5 * customer_count', 'customers_total'
) %}

with

int_period_values_counted as (

    select * from {{ ref('int_period_values_counted') }}

),

accumulated as (

    select
        *,
        coalesce(sum(customer_count) over (
            partition by period_end_date, value_name
            order by counted_value asc
            rows between unbounded preceding and 1 preceding
        ), 0) as customers_below,
        sum(customer_count) over (partition by period_end_date, value_name) as customers_total
    from int_period_values_counted
    where value_name like 'index_%'

),

{# Of those with the very same value half count as below. Few days since the last order are good. #}
final as (

    select
        period_end_date,
        value_name,
        counted_value,
        case
            when value_name = 'index_recency' then 1 - {{ share_below }}
            else {{ share_below }}
        end as percentile_rank
    from accumulated

)

select * from final
