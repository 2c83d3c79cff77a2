{# What each setting may be. The one place that knows; `setting` and `validate_settings` read it. #}
{% macro settings_contract() %}
    {% set score_cuts = {'type': 'ascending numbers'} %}
    {% set scoring_method = {'type': 'choice', 'of': ['quantile', 'bands', 'natural_breaks']} %}
    {% do return({
        'inputs': {'type': 'inputs'},
        'demo_inputs': {'type': 'inputs'},
        'as_of_date': {'type': 'date', 'nullable': true},
        'business_timezone': {'type': 'time zone'},
        'min_order_date': {'type': 'date'},
        'max_text_length': {'type': 'integer', 'min': 50, 'max': 1000000},
        'quarantined_revenue_limit': {'type': 'number', 'min': 0, 'max': 1, 'nullable': true},
        'quarantine_retention_days': {'type': 'integer', 'min': 0, 'max': 36500, 'nullable': true},
        'base_currency': {'type': 'currency'},
        'zero_amount_is_purchase': {'type': 'boolean'},
        'default_margin_share': {'type': 'number', 'min': 0, 'max': 1},
        'rfm_window_days': {'type': 'integer', 'min': 1, 'max': 36500, 'nullable': true},
        'rfm_score_count': {'type': 'integer', 'min': 2, 'max': 10},
        'rfm_monetary': {'type': 'choice', 'of': ['sum', 'mean']},
        'rfm_recency_method': scoring_method,
        'rfm_frequency_method': scoring_method,
        'rfm_monetary_method': scoring_method,
        'rfm_recency_bands': score_cuts,
        'rfm_frequency_bands': score_cuts,
        'rfm_monetary_bands': score_cuts,
        'rfm_weights': {'type': 'weights', 'of': ['recency', 'frequency', 'monetary']},
        'natural_breaks_max_values': {'type': 'integer', 'min': 100, 'max': 200000},
        'abc_metric': {'type': 'choice', 'of': ['revenue', 'profit']},
        'abc_window_days': {'type': 'integer', 'min': 1, 'max': 36500, 'nullable': true},
        'abc_a_share': {'type': 'number', 'min': 0, 'max': 1},
        'abc_b_share': {'type': 'number', 'min': 0, 'max': 1},
        'active_tier_policy': {'type': 'name'},
        'tier_policies': {'type': 'tier policies'},
    }) %}
{% endmacro %}
