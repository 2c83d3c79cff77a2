{# A value of the active policy's metric as text: points whole, amounts in base currency, the index to four places. #}
{% macro metric_text(value) %}
    {% set metric = tierwise.active_policy().metric %}
    {% if metric == 'weighted_index' %}
        {% do return('cast(cast(' ~ value ~ ' as decimal(18, 4)) as string)') %}
    {% endif %}
    {% set amount = 'cast(cast(' ~ value ~ ' as decimal(18, 2)) as string)' %}
    {% if metric in ['rfm_total', 'rfm_level_total'] %}
        {% do return(
            'case when ' ~ value ~ ' = floor(' ~ value ~ ') then cast(cast(' ~ value ~ ' as bigint) as string) else '
            ~ amount ~ ' end'
        ) %}
    {% endif %}
    {% do return('concat(' ~ amount ~ ", ' " ~ tierwise.setting('base_currency') ~ "')") %}
{% endmacro %}
