{#
    Continuous quantile k / n, interpolated linearly. The fraction is the smallest double that is not below k / n: with
    the double nearest to it, 0.7 x 90 comes out just under 63, and the customer whose value is the cut point itself
    would be scored above it.
#}
{% macro quantile(value, k, n) %}
    {% set fraction = k / n %}
    {% set over, under = fraction.as_integer_ratio() %}
    {% if over * n < k * under %}
        {% set fraction = fraction * (1 + 2 ** -52) %}
    {% endif %}
    {% do return(tierwise.exact_quantile(adapter.dispatch('quantile', 'tierwise')(value, fraction), n)) %}
{% endmacro %}

{% macro default__quantile(value, fraction) %}
    {% do return('quantile_cont(cast(' ~ value ~ " as double), cast('" ~ fraction ~ "' as double))") %}
{% endmacro %}
