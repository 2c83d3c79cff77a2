{#
    True for the periods, rows of int_periods_fingerprinted, that a table of history does not hold as they are. A
    fingerprint stands for a period and all that was known by its end, so what changed leads to every period after it.
#}
{% macro stale_periods() %}
    {% if not is_incremental() %}
        {% do return('true') %}
    {% endif %}
    {% do return('period_fingerprint not in (select period_fingerprint from ' ~ this ~ ')') %}
{% endmacro %}
