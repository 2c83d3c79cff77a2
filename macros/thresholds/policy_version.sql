{# A hash of everything that decides a policy's tiers: rows of two versions are never compared as movements. #}
{% macro policy_version(policy_name) %}
    {% set decides = {'policy': tierwise.setting('tier_policies')[policy_name]} %}
    {% for name in ['rfm_window_days', 'rfm_score_count', 'rfm_monetary', 'rfm_recency_method', 'rfm_frequency_method',
        'rfm_monetary_method', 'rfm_recency_bands', 'rfm_frequency_bands', 'rfm_monetary_bands'] %}
        {% do decides.update({name: tierwise.setting(name)}) %}
    {% endfor %}
    {% do return(local_md5(tojson(decides, sort_keys=true))[:12]) %}
{% endmacro %}
