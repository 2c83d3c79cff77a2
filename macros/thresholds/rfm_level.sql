{# Level 1 to 3 of a value against the cut points cut_points.<dimension>_level_1 and _2; few days are the best level. #}
{% macro rfm_level(dimension, value) %}
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
