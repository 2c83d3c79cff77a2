{# The expression of a policy's metric over the columns of int_customer_periods_scored and fct_customer_clv. #}
{% macro tier_metric(policy) %}
    {% if policy.metric == 'weighted_index' %}
        {% set terms = [] %}
        {% for indicator, weight in policy.weights.items() %}
            {% do terms.append('int_customer_periods_scored.' ~ indicator ~ '_percentile_rank * ' ~ weight) %}
        {% endfor %}
        {# Ranks are fractions: rounded, an index that is exactly a cut-off is that as a double, too. #}
        {% do return(
            'round((' ~ terms | join(' + ') ~ ') / cast(' ~ policy.weights.values() | sum ~ ' as double), 12)'
        ) %}
    {% endif %}
    {% do return({
        'rfm_total': 'int_customer_periods_scored.r_score + int_customer_periods_scored.f_score'
            ~ ' + int_customer_periods_scored.m_score',
        'rfm_level_total': 'int_customer_periods_scored.rfm_level_total',
        'revenue': 'int_customer_periods_scored.value_amount',
        'abc_amount': 'int_customer_periods_scored.abc_amount',
        'clv_amount': 'fct_customer_clv.clv_amount',
    }[policy.metric]) %}
{% endmacro %}
