{# What is wrong with the tier policies, in words; an empty text where nothing is. #}
{% macro tier_policies_problem(policies) %}
    {% if policies is not mapping or not policies %}
        {% do return(tierwise.allowed_values({'type': 'tier policies'})) %}
    {% endif %}
    {% set name_rule = {'type': 'name'} %}
    {% for name, policy in policies.items() %}
        {% if tierwise.setting_problem(name_rule, name) %}
            {% do return('policy names of ' ~ tierwise.allowed_values(name_rule)) %}
        {% endif %}
        {% if policy is not mapping or (policy | list | sort) != ['method', 'metric', 'tiers'] %}
            {% do return('policy ' ~ name ~ ' with exactly metric, method and tiers') %}
        {% endif %}
        {% if [policy.metric, policy.method] not in [['rfm_total', 'bands'], ['clv_amount', 'percentile']] %}
            {% do return('policy ' ~ name ~ ' with metric rfm_total and method bands, or metric clv_amount and method '
                ~ 'percentile') %}
        {% endif %}
        {% if policy.tiers is string or policy.tiers is mapping or policy.tiers is not sequence or not policy.tiers %}
            {% do return('policy ' ~ name ~ ' with a list of tiers') %}
        {% endif %}
        {% set cut = 'top_share' if policy.method == 'percentile' else 'from' %}
        {% set seen = namespace(codes=[], cuts=[]) %}
        {% for tier in policy.tiers %}
            {% if tier is not mapping or (tier | list | sort) != ['code', cut] | sort %}
                {% do return('tiers of policy ' ~ name ~ ' with exactly code and ' ~ cut) %}
            {% endif %}
            {% if tierwise.setting_problem(name_rule, tier.code) or tier.code in seen.codes
                or tier.code in ['untiered', 'guest'] %}
                {% do return('tier codes of policy ' ~ name ~ ' once each, of ' ~ tierwise.allowed_values(name_rule)
                    ~ ', and not untiered or guest, which the summary uses') %}
            {% endif %}
            {% do seen.codes.append(tier.code) %}
            {% do seen.cuts.append(tier[cut]) %}
        {% endfor %}
        {% if policy.method == 'percentile' %}
            {% if not tierwise.are_ascending_numbers(seen.cuts) or seen.cuts[0] < 0.000001 %}
                {% do return('tiers of policy ' ~ name ~ ' from the top down, each `top_share` a number above the one before'
                    ~ ' it, the first at least 0.000001') %}
            {% endif %}
            {% if seen.cuts[-1] != 1 %}
                {% do return('the lowest tier of policy ' ~ name ~ ' with a `top_share` of exactly 1, which is everybody') %}
            {% endif %}
        {% elif not tierwise.are_ascending_numbers(seen.cuts | reverse | list) %}
            {% do return('tiers of policy ' ~ name ~ " from the top down, each `from` a number below the one before it") %}
        {% elif seen.cuts[-1] > 3 %}
            {% do return('the lowest tier of policy ' ~ name ~ ' from 3 or less, the lowest R+F+M, so nobody falls out') %}
        {% endif %}
    {% endfor %}
    {% do return('') %}
{% endmacro %}
