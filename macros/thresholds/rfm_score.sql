{#
    Score 1 to n of a value against the cut points cut_points.<dimension>_1 ... n-1. A cut point that is not there
    (natural breaks of few distinct values) is passed by nobody. Recency is reversed: few days are best.
#}
{% macro rfm_score(dimension, value) %}
    {% set score_count = tierwise.setting('rfm_score_count') %}
    {% set is_lower_bound = tierwise.setting('rfm_' ~ dimension ~ '_method') == 'bands' and dimension != 'recency' %}
    {% set passed = [] %}
    {% for number in range(1, score_count) %}
        {% do passed.append(
            '(case when cut_points.' ~ dimension ~ '_' ~ number ~ (' <= ' if is_lower_bound else ' < ')
            ~ 'cast(' ~ value ~ ' as double) then 1 else 0 end)'
        ) %}
    {% endfor %}
    {% if dimension == 'recency' %}
        {% do return(score_count ~ ' - ' ~ passed | join(' - ')) %}
    {% endif %}
    {% do return('1 + ' ~ passed | join(' + ')) %}
{% endmacro %}
