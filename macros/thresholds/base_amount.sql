{#
    An amount in base currency, rounded half away from zero. Widened before it is multiplied: two decimals of 18 digits
    make one of 18 on DuckDB, and an order of a hundred million would stop the build.
#}
{% macro base_amount(amount, fx_rate) %}
    {% do return('cast(cast(' ~ amount ~ ' as decimal(28, 2)) * ' ~ fx_rate ~ ' as decimal(18, 2))') %}
{% endmacro %}
