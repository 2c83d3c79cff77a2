with

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

{% for policy_name, policy in tierwise.setting('tier_policies').items() %}
{{ policy_name }} as (

    select
        as_of_date,
        customer_id,
        '{{ policy_name }}' as policy_name,
        '{{ tierwise.policy_version(policy_name) }}' as policy_version,
        cast({{ policy.metric }}_score as double) as metric_value,
        {{ tierwise.tier_code(policy_name, policy.metric ~ '_score') }} as tier_code
    from fct_customer_rfm_scores

),

{% endfor %}
final as (

    {% for policy_name in tierwise.setting('tier_policies') %}
    select * from {{ policy_name }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
