{#
    An amount in base currency, rounded half away from zero. Widened before it is multiplied: two decimals of 18 digits
    make one of 18 on DuckDB, and an order of a hundred million would stop the build. Wide decimals are slow, so an
    amount in base currency is left as it is.
#}
{% macro base_amount(amount, fx_rate) %}
    {% do return(
        'case when ' ~ fx_rate ~ ' = 1 then cast(' ~ amount ~ ' as decimal(18, 2)) else cast(cast(' ~ amount
        ~ ' as decimal(28, 2)) * ' ~ fx_rate ~ ' as decimal(18, 2)) end'
    ) %}
{% endmacro %}
