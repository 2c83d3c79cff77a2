{#
    A quantile k / n of whole cents (of amounts, days, orders), in units and without what engines leave of rounding: such
    a quantile is a whole number of parts of n of a cent, and becomes the double nearest to that. Between equal values it
    would else come out a hair off, and between others differ from one version of an engine to the next.
#}
{% macro exact_quantile(quantile, n) %}
    {% do return('round(' ~ quantile ~ ' * ' ~ n ~ ') / ' ~ 100 * n) %}
{% endmacro %}
