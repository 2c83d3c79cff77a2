{#
    Which of R, F and M moved since the period before, from what to what, over the columns of
    int_customer_periods_compared; an empty text where none did.
#}
{% macro points_moved(language) %}
    {% set units = {
        'r': {'value': 'recency_days', 'en': ' days since the last order', 'zh': '距最近一次购买天数'},
        'f': {'value': 'rfm_order_count', 'en': ' orders', 'zh': '订单数'},
        'm': {'value': 'rfm_monetary_amount', 'en': ' ' ~ tierwise.setting('base_currency'), 'zh': '金额'},
    } %}
    {% set parts = [] %}
    {% for letter, unit in units.items() %}
        {% set points = letter ~ '_points' %}
        {% set move = "case when " ~ points ~ " > previous_" ~ points ~ " then '" %}
        {% set from_points = 'cast(previous_' ~ points ~ ' as string)' %}
        {% set to_points = 'cast(' ~ points ~ ' as string)' %}
        {% set from_value = 'cast(previous_' ~ unit.value ~ ' as string)' %}
        {% set to_value = 'cast(' ~ unit.value ~ ' as string)' %}
        {% set words = {
            'en': ["'" ~ letter | upper ~ " '", move ~ "rose' else 'fell' end", "' from '", from_points, "' to '", to_points,
                "' ('", from_value, "' to '", to_value, "'" ~ unit.en ~ ")'"],
            'zh': ["'" ~ letter | upper ~ " 由 '", from_points, move ~ " 升至 ' else ' 降至 ' end", to_points,
                "'（" ~ unit.zh ~ "由 '", from_value, "' 变为 '", to_value, "'）'"],
        }[language] %}
        {% do parts.append(
            'case when ' ~ points ~ ' <> previous_' ~ points ~ ' then concat(' ~ words | join(', ') ~ ') end'
        ) %}
    {% endfor %}
    {% do return("concat_ws('" ~ {'en': '; ', 'zh': '；'}[language] ~ "', " ~ parts | join(', ') ~ ')') %}
{% endmacro %}
