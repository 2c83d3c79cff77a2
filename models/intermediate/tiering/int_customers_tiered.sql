with

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

{# Equal amounts have the same number before them, and so the same tier: a tie is never split. #}
clv_counted as (

    select
        as_of_date,
        customer_id,
        clv_amount,
        rank() over (
            partition by as_of_date
            order by clv_amount desc
        ) - 1 as customers_before,
        count(*) over (partition by as_of_date) as customer_count
    from fct_customer_clv
    where clv_amount is not null

),

{% for policy_name, policy in tierwise.setting('tier_policies').items() %}
{{ policy_name }}_tiered as (

    select
        as_of_date,
        customer_id,
        '{{ policy_name }}' as policy_name,
        '{{ tierwise.policy_version(policy_name) }}' as policy_version,
        {% if policy.method == 'percentile' %}
        cast(clv_amount as double) as metric_value,
        {{ tierwise.tier_code_by_share(policy_name, 'customers_before', 'customer_count') }}
            as tier_code
        {% else %}
        cast(rfm_total_score as double) as metric_value,
        {{ tierwise.tier_code(policy_name, 'rfm_total_score') }} as tier_code
        {% endif %}
    from {{ 'clv_counted' if policy.method == 'percentile' else 'fct_customer_rfm_scores' }}

),

{% endfor %}
final as (

    {% for policy_name in tierwise.setting('tier_policies') %}
    select * from {{ policy_name }}_tiered
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
