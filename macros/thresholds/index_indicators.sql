{# The indicators that policies of the metric weighted_index weigh, and the column of each. #}
{% macro index_indicators() %}
    {% set columns = {'recency': 'recency_days', 'frequency': 'rfm_order_count', 'monetary': 'rfm_monetary_amount',
        'revenue': 'value_amount'} %}
    {% set found = {} %}
    {% for policy in tierwise.setting('tier_policies').values() if policy.metric == 'weighted_index' %}
        {% for indicator in policy.weights %}
            {% do found.update({indicator: columns[indicator]}) %}
        {% endfor %}
    {% endfor %}
    {% do return(found) %}
{% endmacro %}
