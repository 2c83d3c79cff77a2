{#
    A customer lost between a score and the tier would be counted as untiered without a reason, and one who has a tier
    without the score was never asked about: either moves every share while the totals still add up.
#}
{% set sources = {
    'rfm_total': ('fct_customer_rfm_scores', 'rfm_total_score'), 'clv_amount': ('fct_customer_clv', 'clv_amount')
} %}

with

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

int_customers_tiered as (

    select * from {{ ref('int_customers_tiered') }}

),

expected as (

    {% for policy_name, policy in tierwise.setting('tier_policies').items() %}
    select
        as_of_date,
        customer_id,
        '{{ policy_name }}' as policy_name,
        cast({{ sources[policy.metric][1] }} as double) as metric_value
    from {{ sources[policy.metric][0] }}
    where {{ sources[policy.metric][1] }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        expected.metric_value as expected_value,
        int_customers_tiered.metric_value,
        coalesce(expected.as_of_date, int_customers_tiered.as_of_date) as as_of_date,
        coalesce(expected.customer_id, int_customers_tiered.customer_id) as customer_id,
        coalesce(expected.policy_name, int_customers_tiered.policy_name) as policy_name
    from expected
    full outer join int_customers_tiered
        on
            expected.as_of_date = int_customers_tiered.as_of_date
            and expected.customer_id = int_customers_tiered.customer_id
            and expected.policy_name = int_customers_tiered.policy_name
    where expected.metric_value is distinct from int_customers_tiered.metric_value

)

select * from final
