{#
    A table that holds rows of two histories was judged by two mappings, statuses or rates: some of its orders by the old
    ones, some by the new, and every total looks sound.
#}
{% set models = [
    'int_orders_landed', 'int_order_lines_landed', 'int_order_lines_checked', 'int_order_lines_totalled',
    'int_orders_checked', 'int_customer_days_purchased',
] %}

with

{% for model in models %}
{{ model }} as (

    select * from {{ ref(model) }}

),

{% endfor %}
histories as (

    {% for model in models %}
    select
        '{{ model }}' as model_name,
        history_id,
        min(load_number) as first_load_number,
        max(load_number) as last_load_number
    from {{ model }}
    group by 1, 2
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        *,
        count(*) over (partition by model_name) as history_count
    from histories

),

final as (

    select *
    from counted
    where
        history_count > 1
        or history_id is null

)

select * from final
