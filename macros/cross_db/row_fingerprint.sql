{# A hash of several columns, nulls included; compared only between rows that share a key. #}
{% macro row_fingerprint(columns) %}
    {% do return(adapter.dispatch('row_fingerprint', 'tierwise')(columns)) %}
{% endmacro %}

{% macro default__row_fingerprint(columns) %}
    {% do return('hash((' ~ columns | join(', ') ~ '))') %}
{% endmacro %}

{# The hashes of Spark pass over nulls. #}
{% macro spark__row_fingerprint(columns) %}
    {% do return('sha2(' ~ tierwise.spark__record_as_json(columns, 'yyyy-MM-dd HH:mm:ss.SSSSSS') ~ ', 256)') %}
{% endmacro %}
