{#
    Continuous quantile k / n, interpolated linearly. The fraction is the smallest double that is not below k / n: with
    the double nearest to it, 0.7 x 90 comes out just under 63, and the customer whose value is the cut point itself
    would be scored above it. Between equal values, too, engines may come out a hair off: a cut point within a hundredth
    of a cent of a whole cent is that cent. No other is as near: values are in cents, and n is at most 10.
#}
{% macro quantile(value, k, n) %}
    {% set fraction = k / n %}
    {% set over, under = fraction.as_integer_ratio() %}
    {% if over * n < k * under %}
        {% set fraction = fraction * (1 + 2 ** -52) %}
    {% endif %}
    {% set interpolated = adapter.dispatch('quantile', 'tierwise')(value, fraction) %}
    {% set in_cents = 'round(' ~ interpolated ~ ', 2)' %}
    {% do return(
        'case when abs(' ~ interpolated ~ ' - ' ~ in_cents ~ ') < 0.0001 then ' ~ in_cents ~ ' else ' ~ interpolated ~ ' end'
    ) %}
{% endmacro %}

{% macro default__quantile(value, fraction) %}
    {% do return('quantile_cont(cast(' ~ value ~ " as double), cast('" ~ fraction ~ "' as double))") %}
{% endmacro %}
