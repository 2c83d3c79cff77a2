{# What joins the parts of the sentence that explains a tier, by language. #}
{% macro rule_words() %}
    {% set label = {'rfm_total': {'en': '', 'zh': ''}, 'rfm_level_total': {'en': 'levels ', 'zh': '三级 '}}.get(
        tierwise.active_policy().metric,
        {'en': tierwise.metric_label('en') ~ ' ', 'zh': tierwise.metric_label('zh') ~ ' '}
    ) %}
    {% do return({
        'en': {
            'override': ', set by hand; by the metric ',
            'held_by_grace': ', held in the grace period; by the metric ',
            'held_by_minimum_stay': ', held for the minimum stay; by the metric ',
            'before_value': ': ' ~ label.en,
            'at_least': ', at least ',
            'below': ', below ',
            'stop': '.',
            'unmoved': 'None of R, F and M moved',
        },
        'zh': {
            'override': '，人工指定，按指标为',
            'held_by_grace': '，宽限期内保留，按指标为',
            'held_by_minimum_stay': '，最短停留期内保留，按指标为',
            'before_value': '：' ~ label.zh,
            'at_least': '，不低于 ',
            'below': '，低于 ',
            'stop': '。',
            'unmoved': 'R、F、M 均未变动',
        },
    }) %}
{% endmacro %}
