{# The days of a horizon, each counted for less the later it is, at the yearly rate of the setting. #}
{% macro discounted_days(horizon_days) %}
    {% set rate = tierwise.setting('clv_annual_discount_rate') %}
    {% do return(
        horizon_days if rate == 0 else
        '(1 - power(1 + ' ~ rate ~ ', -' ~ horizon_days ~ ' / 365.25e0)) * 365.25e0 / ln(1 + ' ~ rate ~ ')'
    ) %}
{% endmacro %}
