{# The config of a table of history, of which only periods are built anew that changed; stale_periods says which. #}
{% macro replaced_by_period() %}
    {% do return(adapter.dispatch('replaced_by_period', 'tierwise')()) %}
{% endmacro %}

{% macro default__replaced_by_period() %}
    {% do return({'materialized': 'incremental', 'incremental_strategy': 'changed_periods'}) %}
{% endmacro %}

{# A period is a partition, and those that are built overwrite those that are there. #}
{% macro spark__replaced_by_period() %}
    {% do return({
        'materialized': 'incremental', 'incremental_strategy': 'insert_overwrite', 'partition_by': ['period_end_date'],
        'pre_hook': '{{ tierwise.drop_past_periods() }}',
    }) %}
{% endmacro %}
