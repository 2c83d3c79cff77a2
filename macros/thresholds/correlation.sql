{#
    Pearson's correlation from sums; null where either side is always the same, which rounding may hide: a spread of less
    than a billionth of a thousandth of the squares is none.
#}
{% macro correlation(count, sum_x, sum_y, sum_xx, sum_yy, sum_xy) %}
    {% set n = 'cast(' ~ count ~ ' as double)' %}
    {% set spreads = [] %}
    {% for total, squares in [(sum_x, sum_xx), (sum_y, sum_yy)] %}
        {% set whole = 'cast(' ~ squares ~ ' as double)' %}
        {% set spread = whole ~ ' - cast(' ~ total ~ ' as double) * cast(' ~ total ~ ' as double) / ' ~ n %}
        {% do spreads.append('case when ' ~ spread ~ ' > 1e-12 * ' ~ whole ~ ' then ' ~ spread ~ ' end') %}
    {% endfor %}
    {% do return(
        '(cast(' ~ sum_xy ~ ' as double) - cast(' ~ sum_x ~ ' as double) * cast(' ~ sum_y ~ ' as double) / ' ~ n
        ~ ') / sqrt((' ~ spreads | join(') * (') ~ '))'
    ) %}
{% endmacro %}
