{#
    Net amount less cost where the cost is known, otherwise the share of it that the setting says. Decimals of up to 18
    digits are fast and wide ones are not: 14 digits times 4 stay narrow, which is nearly every amount and share.
#}
{% macro profit(net_amount, cost_amount) %}
    {% set share = tierwise.setting('default_margin_share') %}
    {% set wide = 'cast(cast(' ~ net_amount ~ ' as decimal(28, 2)) * cast(' ~ share ~ ' as decimal(9, 8)) as decimal(18, 2))' %}
    {% set narrow = 'cast(cast(' ~ net_amount ~ ' as decimal(14, 2)) * cast(' ~ share ~ ' as decimal(4, 4)) as decimal(18, 2))' %}
    {% set estimated = wide if share == 1 or share | round(4) != share else
        'case when abs(' ~ net_amount ~ ') < 1000000000000 then ' ~ narrow ~ ' else ' ~ wide ~ ' end' %}
    {% do return(
        'case when ' ~ cost_amount ~ ' is not null then cast(' ~ net_amount ~ ' - ' ~ cost_amount
        ~ ' as decimal(18, 2)) else ' ~ estimated ~ ' end'
    ) %}
{% endmacro %}
