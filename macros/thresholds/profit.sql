{# Net amount less cost where the cost is known, otherwise the share of it that the setting says. #}
{% macro profit(net_amount, cost_amount) %}
    {% do return(
        'cast(coalesce(' ~ net_amount ~ ' - ' ~ cost_amount ~ ', cast(' ~ net_amount ~ ' as decimal(28, 2)) * cast('
        ~ tierwise.setting('default_margin_share') ~ ' as decimal(9, 8))) as decimal(18, 2))'
    ) %}
{% endmacro %}
