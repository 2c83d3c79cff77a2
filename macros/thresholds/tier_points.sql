{#
    What recency, frequency or monetary counts in the active policy, against the cut points of the relation cut_points:
    the level of 1 to 3 where the policy adds levels, the score everywhere else.
#}
{% macro tier_points(dimension, value) %}
    {% if tierwise.active_policy().metric != 'rfm_level_total' %}
        {% do return(tierwise.rfm_score(dimension, value)) %}
    {% endif %}
    {% set passed = [] %}
    {% for number in [1, 2] %}
        {% do passed.append(
            '(case when cut_points.' ~ dimension ~ '_level_' ~ number ~ ' < cast(' ~ value ~ ' as double) then 1 else 0 end)'
        ) %}
    {% endfor %}
    {% if dimension == 'recency' %}
        {% do return('3 - ' ~ passed | join(' - ')) %}
    {% endif %}
    {% do return('1 + ' ~ passed | join(' + ')) %}
{% endmacro %}
