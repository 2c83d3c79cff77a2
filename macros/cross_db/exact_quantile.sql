{#
    A quantile k / n of values in whole cents (days, orders) without what engines leave of rounding: such a quantile is a
    whole number of parts of n of a cent, and becomes the double nearest to that. Between equal values it would else come
    out a hair off, and between others differ from one version of an engine to the next.
#}
{% macro exact_quantile(quantile, n) %}
    {% do return('round(' ~ quantile ~ ' * ' ~ 100 * n ~ ') / ' ~ 100 * n) %}
{% endmacro %}
