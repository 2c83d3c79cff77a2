{# Three steps a decade, the same for every shop: no bin depends on the data. #}
{% set edges = ['null', 1] %}
{% for number in range(27) %}
{% do edges.append([2, 5, 10][number % 3] * 10 ** (number // 3)) %}
{% endfor %}

with

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

bins as (

    {% for lower in edges %}
    select
        {{ loop.index }} as clv_bin,
        cast({{ lower }} as decimal(18, 2)) as lower_amount,
        cast({{ 'null' if loop.last else edges[loop.index] }} as decimal(18, 2)) as upper_amount
    {{ '' if loop.last else 'union all' }}
    {% endfor %}

),

binned as (

    select
        fct_customer_clv.as_of_date,
        bins.clv_bin,
        count(*) as customer_count,
        sum(fct_customer_clv.clv_amount) as total_clv_amount
    from fct_customer_clv
    inner join bins
        on
            (fct_customer_clv.clv_amount >= bins.lower_amount or bins.lower_amount is null)
            and (fct_customer_clv.clv_amount < bins.upper_amount or bins.upper_amount is null)
    group by 1, 2

),

spans as (

    select
        as_of_date,
        min(clv_bin) as first_bin,
        max(clv_bin) as last_bin,
        sum(customer_count) as all_customer_count
    from binned
    group by 1

),

final as (

    select
        spans.as_of_date,
        cast(bins.clv_bin as integer) as clv_bin,
        bins.lower_amount,
        bins.upper_amount,
        cast(coalesce(binned.customer_count, 0) as bigint) as customer_count,
        {{ tierwise.share('coalesce(binned.customer_count, 0)', 'spans.all_customer_count') }}
            as bin_customer_share,
        cast(coalesce(binned.total_clv_amount, 0) as decimal(18, 2)) as total_clv_amount
    from spans
    inner join bins
        on bins.clv_bin between spans.first_bin and spans.last_bin
    left join binned
        on
            spans.as_of_date = binned.as_of_date
            and bins.clv_bin = binned.clv_bin

)

select * from final
