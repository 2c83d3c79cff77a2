{#
    A while the share before the block is below the first line, B while below the second, else C. Compared as amounts,
    so that no division decides a border case. Nothing earned is C, and a total of 0 makes everyone C.
#}
{% macro abc_class(metric_amount, amount_before, total_amount) %}
    {% set line = ' < cast(' ~ total_amount ~ ' as decimal(28, 2)) * cast(' %}
    {% do return(
        'case when ' ~ metric_amount ~ " <= 0 then 'C' when " ~ amount_before ~ line ~ tierwise.setting('abc_a_share')
        ~ " as decimal(7, 6)) then 'A' when " ~ amount_before ~ line ~ tierwise.setting('abc_b_share')
        ~ " as decimal(7, 6)) then 'B' else 'C' end"
    ) %}
{% endmacro %}
