{# What moved since the period before, over the columns of int_customer_periods_bounded; null without one. #}
{% macro moved_sentence(language) %}
    {% set words = tierwise.rule_words()[language] %}
    {% do return(
        'case when previous_r_points is not null then concat(coalesce(nullif(' ~ tierwise.points_moved(language)
        ~ ", ''), '" ~ words.unmoved ~ "'), '" ~ words.stop ~ "') end"
    ) %}
{% endmacro %}
