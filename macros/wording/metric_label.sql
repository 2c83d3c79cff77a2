{# What the active policy's metric is called in sentences, in English (en) or Chinese (zh). #}
{% macro metric_label(language) %}
    {% set abc = {'revenue': {'en': 'net revenue', 'zh': '净收入'}, 'profit': {'en': 'profit', 'zh': '利润'}} %}
    {% set window_days = tierwise.setting('tier_value_window_days') %}
    {% do return({
        'rfm_total': {'en': 'R + F + M', 'zh': 'R + F + M'},
        'rfm_level_total': {'en': 'levels R + F + M', 'zh': '三级 R + F + M'},
        'revenue': {'en': 'net revenue of ' ~ window_days ~ ' days', 'zh': '近 ' ~ window_days ~ ' 天净收入'},
        'abc_amount': abc[tierwise.setting('abc_metric')],
        'clv_amount': {'en': 'lifetime value', 'zh': '客户终身价值'},
        'weighted_index': {'en': 'weighted index', 'zh': '加权指数'},
    }[tierwise.active_policy().metric][language]) %}
{% endmacro %}
