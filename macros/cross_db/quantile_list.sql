{# Several continuous quantiles k / n of one value at once, a list in the order of k; see the macros quantile and
    exact_quantile, through which each is to be read. #}
{% macro quantile_list(value, n) %}
    {% set fractions = [] %}
    {% for k in range(1, n) %}
        {% set fraction = k / n %}
        {% set over, under = fraction.as_integer_ratio() %}
        {% do fractions.append(fraction * (1 + 2 ** -52) if over * n < k * under else fraction) %}
    {% endfor %}
    {% do return(adapter.dispatch('quantile_list', 'tierwise')(value, fractions)) %}
{% endmacro %}

{% macro default__quantile_list(value, fractions) %}
    {% do return(
        'quantile_cont(cast(' ~ value ~ " as double), [cast('" ~ fractions | join("' as double), cast('") ~ "' as double)])"
    ) %}
{% endmacro %}
