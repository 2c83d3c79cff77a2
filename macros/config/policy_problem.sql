{# What is wrong with a policy apart from its tiers, as what it should have; an empty text where nothing is. #}
{% macro policy_problem(policy) %}
    {% set metrics = tierwise.tier_metrics() %}
    {% set patience = ['downgrade_grace_periods', 'minimum_stay_periods'] %}
    {% if policy is not mapping or policy.metric is not string or policy.metric not in metrics %}
        {% do return('a metric: ' ~ metrics | join(', ')) %}
    {% endif %}
    {% set needed = ['method', 'metric', 'tiers'] + (['weights'] if policy.metric == 'weighted_index' else []) %}
    {% if (policy | reject('in', patience) | list | sort) != needed %}
        {% do return('exactly ' ~ needed | join(', ') ~ ', and at will ' ~ patience | join(' and ')) %}
    {% endif %}
    {% if policy.method not in metrics[policy.metric].methods %}
        {% do return('the metric ' ~ policy.metric ~ ' and one of its methods: ' ~ metrics[policy.metric].methods | join(', ')) %}
    {% endif %}
    {% for name in patience %}
        {% if tierwise.setting_problem({'type': 'integer', 'min': 0, 'max': 1000}, policy.get(name, 0)) %}
            {% do return(name ~ ' a whole number from 0 to 1000') %}
        {% endif %}
    {% endfor %}
    {% if policy.metric == 'weighted_index' %}
        {% set indicators = ['recency', 'frequency', 'monetary', 'revenue'] %}
        {% set weights = policy.weights %}
        {% if weights is not mapping or not weights or weights | reject('in', indicators) | list
            or tierwise.setting_problem({'type': 'weights', 'of': weights | list}, weights) %}
            {% do return('weights of some of ' ~ indicators | join(', ') ~ ', numbers from 0, not all 0') %}
        {% endif %}
    {% endif %}
    {% do return('') %}
{% endmacro %}
