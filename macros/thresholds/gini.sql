{#
    Gini's coefficient from sums; 0 where the total is 0. A place counts from the smallest amount, 1; twice the sum of
    place times amount stays whole where equal amounts share their places. Decimals are subtracted, so that equal
    amounts come to exactly 0.
#}
{% macro gini(count, total, twice_placed_total) %}
    {% do return(tierwise.share(
        twice_placed_total ~ ' - (' ~ count ~ ' + 1) * ' ~ total, count ~ ' * ' ~ total
    )) %}
{% endmacro %}
