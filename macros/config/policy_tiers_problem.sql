{# What is wrong with the tiers of a policy, as what it should have; an empty text where nothing is. #}
{% macro policy_tiers_problem(policy) %}
    {% set tiers = policy.tiers %}
    {% if tiers is string or tiers is mapping or tiers is not sequence or not tiers or tiers | length > 20 %}
        {% do return('a list of 1 to 20 tiers') %}
    {% endif %}
    {% set cut = {'bands': 'from', 'percentile': 'top_share'}.get(policy.method) %}
    {% set seen = namespace(codes=[], cuts=[]) %}
    {% set of_reports = ['untiered', 'guest'] %}
    {% set name_rule = {'type': 'name'} %}
    {% for tier in tiers %}
        {% if tier is not mapping or (tier | list | sort) != ['code', cut] | select | list | sort %}
            {% do return('tiers with exactly code' ~ (' and ' ~ cut if cut else '')) %}
        {% endif %}
        {% if tierwise.setting_problem(name_rule, tier.code) or tier.code in seen.codes + of_reports %}
            {% do return('tier codes once each, of ' ~ tierwise.allowed_values(name_rule)
                ~ ', and not ' ~ of_reports[:-1] | join(', ') ~ ' or ' ~ of_reports[-1] ~ ', which reports use') %}
        {% endif %}
        {% do seen.codes.append(tier.code) %}
        {% do seen.cuts.append(tier[cut] if cut else loop.index) %}
    {% endfor %}
    {% set least = tierwise.tier_metrics()[policy.metric].least %}
    {% if policy.method == 'abc' and tiers | length != 3 %}
        {% do return('three tiers, for the classes A, B and C') %}
    {% elif policy.method == 'natural_breaks' and tiers | length < 2 %}
        {% do return('at least two tiers') %}
    {% elif policy.method == 'percentile' and (not tierwise.are_ascending_numbers(seen.cuts) or seen.cuts[0] < 0.000001) %}
        {% do return('tiers from the top down, each `top_share` a number above the one before it, the first at least 0.000001') %}
    {% elif policy.method == 'percentile' and seen.cuts[-1] != 1 %}
        {% do return('a lowest tier with a `top_share` of exactly 1, which is everybody') %}
    {% elif policy.method == 'bands' and not tierwise.are_ascending_numbers(seen.cuts | reverse | list) %}
        {% do return('tiers from the top down, each `from` a number below the one before it') %}
    {% elif policy.method == 'bands' and seen.cuts[-1] > least %}
        {% do return('a lowest tier from ' ~ least ~ ' or less, the least there can be, so nobody falls out') %}
    {% endif %}
    {% do return('') %}
{% endmacro %}
