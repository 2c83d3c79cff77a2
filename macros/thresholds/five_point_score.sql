{#
    A score of 1 to n on the scale of 1 to 5 that the segment map is written in: the ends stay the ends, the rest goes
    to the nearest point, halves upward. With five scores nothing changes.
#}
{% macro five_point_score(score, score_count) %}
    {% do return(1 + (8 * (score - 1) + score_count - 1) // (2 * (score_count - 1))) %}
{% endmacro %}
