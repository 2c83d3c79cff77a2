{#
    The history is worked out apart from the scores of the as-of date: there both must say the same, of the same
    customers. A customer lost on the way to a tier would be counted as untiered without a reason.
#}
{% set sources = {
    'rfm_total': ('fct_customer_rfm_scores', 'rfm_total_score'),
    'clv_amount': ('fct_customer_clv', 'clv_amount'),
    'abc_amount': ('fct_customer_abc_classes', 'metric_amount'),
} %}

with

fct_customer_rfm_scores as (

    select * from {{ ref('fct_customer_rfm_scores') }}

),

fct_customer_clv as (

    select * from {{ ref('fct_customer_clv') }}

),

fct_customer_abc_classes as (

    select * from {{ ref('fct_customer_abc_classes') }}

),

int_customers_tiered as (

    select * from {{ ref('int_customers_tiered') }}

),

expected as (

    {% for policy_name, policy in tierwise.setting('tier_policies').items() %}
    {% set table, column = sources.get(policy.metric, ('fct_customer_rfm_scores', 'null')) %}
    select
        as_of_date,
        customer_id,
        '{{ policy_name }}' as policy_name,
        cast({{ column }} as double) as metric_value,
        cast({{ 'abc_class' if policy.method == 'abc' else 'null' }} as string) as abc_class
    from {{ table }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

classes as (

    {% for policy_name, policy in tierwise.setting('tier_policies').items()
        if policy.method == 'abc' %}
    {% for tier in policy.tiers %}
    select
        '{{ policy_name }}' as policy_name,
        '{{ tier.code }}' as tier_code,
        '{{ 'ABC'[loop.index0] }}' as abc_class
    union all
    {% endfor %}
    {% endfor %}
    select
        cast(null as string) as policy_name,
        cast(null as string) as tier_code,
        cast(null as string) as abc_class

),

final as (

    select
        expected.metric_value as expected_value,
        int_customers_tiered.metric_value,
        expected.abc_class as expected_class,
        classes.abc_class,
        coalesce(expected.customer_id, int_customers_tiered.customer_id) as customer_id,
        coalesce(expected.policy_name, int_customers_tiered.policy_name) as policy_name
    from expected
    full outer join int_customers_tiered
        on
            expected.as_of_date = int_customers_tiered.as_of_date
            and expected.customer_id = int_customers_tiered.customer_id
            and expected.policy_name = int_customers_tiered.policy_name
    left join classes
        on
            int_customers_tiered.policy_name = classes.policy_name
            and int_customers_tiered.candidate_tier_code = classes.tier_code
    where
        expected.customer_id is null
        or int_customers_tiered.customer_id is null
        or coalesce(expected.metric_value <> int_customers_tiered.metric_value, false)
        or coalesce(expected.abc_class <> classes.abc_class, false)

)

select * from final
