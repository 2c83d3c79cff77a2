{#
    Incremental strategy `changed_periods`, in one transaction: periods of which something changed, or that are no more,
    go, and what was made for them comes. The model builds the periods that stale_periods names.
#}
{% macro get_incremental_changed_periods_sql(arguments) %}
    delete from {{ arguments.target_relation }}
    where period_fingerprint not in (select period_fingerprint from {{ ref('int_periods_fingerprinted') }});
    insert into {{ arguments.target_relation }} by name select * from {{ arguments.temp_relation }};
{% endmacro %}
