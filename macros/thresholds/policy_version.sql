{# A hash of everything that decides a policy's tiers: rows of two versions are never compared as movements. #}
{% macro policy_version(policy_name) %}
    {% set policy = tierwise.setting('tier_policies')[policy_name] %}
    {% set decides = {'policy': policy} %}
    {% for name in tierwise.tier_metrics()[policy.metric].settings + ['base_currency', 'zero_amount_is_purchase'] %}
        {% do decides.update({name: tierwise.setting(name)}) %}
    {% endfor %}
    {% do return(local_md5(tojson(decides, sort_keys=true))[:12]) %}
{% endmacro %}
