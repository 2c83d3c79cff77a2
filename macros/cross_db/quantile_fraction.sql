{#
    The smallest double that is not below k / n: with the double nearest to it, 0.7 x 90 comes out just under 63, and the
    customer whose value is the cut point itself would be scored above it.
#}
{% macro quantile_fraction(k, n) %}
    {% set fraction = k / n %}
    {% set over, under = fraction.as_integer_ratio() %}
    {% do return(fraction * (1 + 2 ** -52) if over * n < k * under else fraction) %}
{% endmacro %}
