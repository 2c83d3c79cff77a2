{# What joins the parts of the sentence behind an alert, by language. #}
{% macro alert_words() %}
    {% do return({
        'en': {
            'fell': ['Fell from ', ' to '],
            'rose': ['Rose from ', ' to '],
            'leaving': 'About to leave ',
            'begins': {'moved_down': ', cut-off of the tier left ', 'moved_up': ', which begins at ',
                'about_to_move_down': ', which begins at '},
            'silent': ['Silent in ', ''],
            'metric': ['; ' ~ tierwise.metric_label('en') ~ ' ', ' to '],
            'next': '; ',
            'since': ['; ', ' days since the last order'],
            'gap': [', against ', ' days between purchase days so far'],
            'alive': '; probability of still being a customer ',
            'stop': '.',
        },
        'zh': {
            'fell': ['由', '降为'],
            'rose': ['由', '升为'],
            'leaving': '即将跌出',
            'begins': {'moved_down': '，原层级现下限为 ', 'moved_up': '，该层级下限为 ',
                'about_to_move_down': '，该层级下限为 '},
            'silent': ['', '客户久未购买'],
            'metric': ['；' ~ tierwise.metric_label('zh') ~ ' ', ' 变为 '],
            'next': '；',
            'since': ['；距最近一次购买 ', ' 天'],
            'gap': ['，以往平均间隔 ', ' 天'],
            'alive': '；仍为客户的概率 ',
            'stop': '。',
        },
    }) %}
{% endmacro %}
