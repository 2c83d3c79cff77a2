{#
    Gini's coefficient from sums; 0 where the total is 0. A place counts from the smallest amount, 1, so the placed total
    is the sum of place times amount. Decimals are subtracted, so that equal amounts come to exactly 0.
#}
{% macro gini(count, total, placed_total) %}
    {% do return(tierwise.share(
        '2 * ' ~ placed_total ~ ' - (' ~ count ~ ' + 1) * ' ~ total, count ~ ' * ' ~ total
    )) %}
{% endmacro %}
