{#
    What policies can rest on: the methods that make tiers of it, the least it can be, and the settings that decide it.
#}
{% macro tier_metrics() %}
    {% set rfm = ['rfm_window_days', 'rfm_monetary'] %}
    {% do return({
        'rfm_total': {'methods': ['bands'], 'least': 3, 'settings': rfm + ['rfm_score_count', 'rfm_recency_method',
            'rfm_frequency_method', 'rfm_monetary_method', 'rfm_recency_bands', 'rfm_frequency_bands', 'rfm_monetary_bands',
            'natural_breaks_max_values']},
        'rfm_level_total': {'methods': ['bands'], 'least': 3, 'settings': rfm},
        'revenue': {'methods': ['bands', 'percentile', 'natural_breaks'], 'least': 0, 'settings': ['tier_value_window_days',
            'natural_breaks_max_values']},
        'abc_amount': {'methods': ['abc'], 'least': 0, 'settings': ['abc_metric', 'abc_window_days', 'abc_a_share',
            'abc_b_share', 'default_margin_share']},
        'clv_amount': {'methods': ['bands', 'percentile'], 'least': 0, 'settings': ['clv_horizon_days', 'clv_holdout_days',
            'clv_model', 'clv_group', 'clv_min_repeat_customers', 'clv_min_history_days', 'clv_annual_discount_rate']},
        'weighted_index': {'methods': ['bands'], 'least': 0, 'settings': rfm + ['tier_value_window_days']},
    }) %}
{% endmacro %}
