{# What is wrong with the tier policies, in words; an empty text where nothing is. #}
{% macro tier_policies_problem(policies) %}
    {% if policies is not mapping or not policies %}
        {% do return(tierwise.allowed_values({'type': 'tier policies'})) %}
    {% endif %}
    {% for name, policy in policies.items() %}
        {% if tierwise.setting_problem({'type': 'name'}, name) %}
            {% do return('policy names of ' ~ tierwise.allowed_values({'type': 'name'})) %}
        {% endif %}
        {% set problem = tierwise.policy_problem(policy) or tierwise.policy_tiers_problem(policy) %}
        {% if problem %}
            {% do return('policy ' ~ name ~ ' with ' ~ problem) %}
        {% endif %}
    {% endfor %}
    {% do return('') %}
{% endmacro %}
