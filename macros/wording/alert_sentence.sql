{# Why there is an alert, over the columns of the CTE labelled in fct_tier_alerts. #}
{% macro alert_sentence(language) %}
    {% set words = tierwise.alert_words()[language] %}
    {% set now = 'tier_label_' ~ language %}
    {% set then = 'previous_label_' ~ language %}
    {% set metric_then = tierwise.metric_text('previous_metric_value') %}
    {% set gap = tierwise.share('purchase_span_days', 'purchase_day_count - 1') %}
    {% set heads = [] %}
    {% for type, move in {'moved_down': words.fell, 'moved_up': words.rose}.items() %}
        {% do heads.append(
            "when '" ~ type ~ "' then concat('" ~ move[0] ~ "', " ~ then ~ ", '" ~ move[1] ~ "', " ~ now ~ ')'
        ) %}
    {% endfor %}
    {% do heads.append(
        "when 'about_to_move_down' then concat('" ~ words.leaving ~ "', " ~ now ~ ')'
    ) %}
    {% set lines = [] %}
    {% for type, begins in words.begins.items() %}
        {% set line = 'left_cut_off_value' if type == 'moved_down' else 'tier_cut_off_value' %}
        {% do lines.append("when '" ~ type ~ "' then '" ~ begins ~ "' || " ~ tierwise.metric_text(line)) %}
    {% endfor %}
    {% set parts = [
        'case alert_type ' ~ heads | join(' ') ~ " else concat('" ~ words.silent[0] ~ "', " ~ now ~ ", '" ~ words.silent[1]
            ~ "') end",
        "coalesce(case alert_type " ~ lines | join(' ') ~ " end, '')",
        "'" ~ words.metric[0] ~ "'",
        "coalesce(case when metric_value <> previous_metric_value then " ~ metric_then ~ " || '" ~ words.metric[1]
            ~ "' end, '')",
        tierwise.metric_text('metric_value'),
        "coalesce('" ~ words.next ~ "' || nullif(" ~ tierwise.points_moved(language) ~ ", ''), '')",
        "'" ~ words.since[0] ~ "'", 'cast(recency_days as string)', "'" ~ words.since[1] ~ "'",
        "case when alert_type = 'silent' and purchase_day_count >= 3 then concat('" ~ words.gap[0] ~ "', cast(cast("
            ~ gap ~ " as decimal(18, 1)) as string), '" ~ words.gap[1] ~ "') else '' end",
        "case when alert_type = 'silent' and probability_alive < " ~ tierwise.setting('tier_alert_probability_alive')
            ~ " then concat('" ~ words.alive ~ "', cast(cast(probability_alive as decimal(3, 2)) as string)) else '' end",
        "'" ~ words.stop ~ "'",
    ] %}
    {% do return('concat(' ~ parts | join(', ') ~ ')') %}
{% endmacro %}
