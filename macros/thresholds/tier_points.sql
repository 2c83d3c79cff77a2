{#
    What recency, frequency or monetary counts in the active policy, against the cut points of the relation cut_points:
    the level of 1 to 3 where the policy adds levels, the score everywhere else.
#}
{% macro tier_points(dimension, value) %}
    {% if tierwise.active_policy().metric == 'rfm_level_total' %}
        {% do return(tierwise.rfm_level(dimension, value)) %}
    {% endif %}
    {% do return(tierwise.rfm_score(dimension, value)) %}
{% endmacro %}
