{#
    Incremental strategy `changed_keys`, in one transaction: what belongs to a changed key goes, what was made for it
    comes; or the whole table, where load_state says so. A key with nothing left is gone, which delete+insert would miss.
#}
{% macro get_incremental_changed_keys_sql(arguments) %}
    {% set load = tierwise.load_state() %}
    {% set key = config.get('meta').load.key %}
    {% if load.is_rebuild %}
        create or replace table {{ arguments.target_relation }} as select * from {{ arguments.temp_relation }};
    {% else %}
        {% if key %}
            delete from {{ arguments.target_relation }}
            where {{ key }} in ({{ load.changed_keys or 'select ' ~ key ~ ' from ' ~ arguments.temp_relation }});
        {% endif %}
        insert into {{ arguments.target_relation }} by name select * from {{ arguments.temp_relation }};
    {% endif %}
{% endmacro %}
