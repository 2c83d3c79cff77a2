{# A number that changes when any row of a group does, whatever their order; those of two groups add up. #}
{% macro rows_fingerprint(columns) %}
    {% do return(adapter.dispatch('rows_fingerprint', 'tierwise')(columns)) %}
{% endmacro %}

{% macro default__rows_fingerprint(columns) %}
    {% do return('sum(cast(hash((' ~ columns | join(', ') ~ ')) as hugeint))') %}
{% endmacro %}

{% macro spark__rows_fingerprint(columns) %}
    {% do return('sum(cast(xxhash64(' ~ tierwise.spark__record_as_json(columns, 'yyyy-MM-dd HH:mm:ss.SSSSSS') ~ ') as decimal(38, 0)))') %}
{% endmacro %}
