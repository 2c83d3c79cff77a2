{# Sum over the blocks with a larger metric amount, 0 for the first. #}
{% macro amount_before_block(block_value, partition, metric_amount) %}
    {% do return(
        'cast(coalesce(sum(' ~ block_value ~ ') over (partition by ' ~ partition ~ ' order by ' ~ metric_amount
        ~ ' desc rows between unbounded preceding and 1 preceding), 0) as decimal(28, 2))'
    ) %}
{% endmacro %}
