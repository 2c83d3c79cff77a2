{# What a table that is loaded bit by bit bears on each row about the load that wrote it. #}
{% macro load_columns(load) %}
    {% do return(
        load.load_number ~ " as load_number,\n        '" ~ load.seen_loads ~ "' as seen_loads,\n        '" ~ load.history_id
        ~ "' as history_id"
    ) %}
{% endmacro %}
