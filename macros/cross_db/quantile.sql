{# Continuous quantile k / n of values in whole cents, interpolated linearly. #}
{% macro quantile(value, k, n) %}
    {% set fraction = tierwise.quantile_fraction(k, n) %}
    {% do return(tierwise.exact_quantile(adapter.dispatch('quantile', 'tierwise')(value, fraction), n)) %}
{% endmacro %}

{% macro default__quantile(value, fraction) %}
    {% do return('quantile_cont(cast(100 * (' ~ value ~ ") as bigint), cast('" ~ fraction ~ "' as double))") %}
{% endmacro %}

{% macro spark__quantile(value, fraction) %}
    {% do return('percentile(cast(100 * (' ~ value ~ ") as bigint), cast('" ~ fraction ~ "' as double))") %}
{% endmacro %}
