{#
    How tables are kept that are loaded bit by bit by the strategy changed_keys. Files of Parquet cannot be changed in
    place and changed keys lie all over them, so on Spark these tables are built anew.
#}
{% macro loaded_as() %}
    {% do return(adapter.dispatch('loaded_as', 'tierwise')()) %}
{% endmacro %}

{% macro default__loaded_as() %}
    {% do return('incremental') %}
{% endmacro %}

{% macro spark__loaded_as() %}
    {% do return('table') %}
{% endmacro %}
