{#
    The cut point, of the relation cut_points, behind the points of the active policy; null where there is none of that
    number, an expression over the columns of the relation passed.
#}
{% macro point_cut(dimension, cut_number) %}
    {% set has_levels = tierwise.active_policy().metric == 'rfm_level_total' %}
    {% set count = 3 if has_levels else tierwise.setting('rfm_score_count') %}
    {% set whens = [] %}
    {% for number in range(1, count) %}
        {% do whens.append(
            'when ' ~ number ~ ' then cut_points.' ~ dimension ~ ('_level_' if has_levels else '_') ~ number
        ) %}
    {% endfor %}
    {% do return('case passed.' ~ cut_number ~ ' ' ~ whens | join(' ') ~ ' end') %}
{% endmacro %}
