{# A hash of everything that decides a policy's tiers: rows of two versions are never compared as movements. #}
{% macro policy_version(policy_name) %}
    {% set policy = tierwise.setting('tier_policies')[policy_name] %}
    {% set decides = {'policy': policy} %}
    {% set names = {
        'rfm_total': ['rfm_window_days', 'rfm_score_count', 'rfm_monetary', 'rfm_recency_method', 'rfm_frequency_method',
            'rfm_monetary_method', 'rfm_recency_bands', 'rfm_frequency_bands', 'rfm_monetary_bands'],
        'clv_amount': ['clv_horizon_days', 'clv_holdout_days', 'clv_model', 'clv_group', 'clv_min_repeat_customers',
            'clv_min_history_days', 'clv_annual_discount_rate'],
    } %}
    {% for name in names[policy.metric] %}
        {% do decides.update({name: tierwise.setting(name)}) %}
    {% endfor %}
    {% do return(local_md5(tojson(decides, sort_keys=true))[:12]) %}
{% endmacro %}
