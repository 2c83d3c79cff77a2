{#
    Several continuous quantiles k / n of one value at once, a list in the order of k; each is to be read through the
    macro exact_quantile. In cents, because DuckDB sorts whole numbers in a third of the time that doubles take.
#}
{% macro quantile_list(value, n) %}
    {% set fractions = [] %}
    {% for k in range(1, n) %}
        {% do fractions.append(tierwise.quantile_fraction(k, n)) %}
    {% endfor %}
    {% do return(adapter.dispatch('quantile_list', 'tierwise')(value, fractions)) %}
{% endmacro %}

{% macro default__quantile_list(value, fractions) %}
    {% do return(
        'quantile_cont(cast(100 * (' ~ value ~ ") as bigint), [cast('" ~ fractions | join("' as double), cast('")
        ~ "' as double)])"
    ) %}
{% endmacro %}

{% macro spark__quantile_list(value, fractions) %}
    {% do return(
        'percentile(cast(100 * (' ~ value ~ ") as bigint), array(cast('" ~ fractions | join("' as double), cast('")
        ~ "' as double)))"
    ) %}
{% endmacro %}
