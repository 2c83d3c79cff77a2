{#
    The rule that gave a tier, over the columns of the CTE labelled in int_tier_explanations_worded. Whoever is below the
    lowest cut-off is in the lowest tier all the same.
#}
{% macro tier_sentence(language) %}
    {% set words = tierwise.rule_words()[language] %}
    {% set label = 'candidate_label_' ~ language %}
    {% set held = [] %}
    {% for reason in ['override', 'held_by_grace', 'held_by_minimum_stay'] %}
        {% do held.append("when '" ~ reason ~ "' then concat('" ~ words[reason] ~ "', " ~ label ~ ')') %}
    {% endfor %}
    {% set parts = [
        'tier_label_' ~ language,
        'case reason_code ' ~ held | join(' ') ~ " else '' end",
        "'" ~ words.before_value ~ "'",
        'value_text',
        "case when metric_value >= cut_off_value then concat('" ~ words.at_least ~ "', cut_off_text) "
            ~ "when next_cut_off_value is not null then concat('" ~ words.below ~ "', next_text) else '' end",
        "'" ~ words.stop ~ "'",
    ] %}
    {% do return('concat(' ~ parts | join(', ') ~ ')') %}
{% endmacro %}
