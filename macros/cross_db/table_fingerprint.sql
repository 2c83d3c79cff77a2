{# A text that changes when any row of a small table does, whatever their order. #}
{% macro table_fingerprint(relation) %}
    {% do return(adapter.dispatch('table_fingerprint', 'tierwise')(relation)) %}
{% endmacro %}

{% macro default__table_fingerprint(relation) %}
    {% set row = run_query('select count(*), sum(cast(hash(content) as hugeint)) from ' ~ relation ~ ' as content').rows[0] %}
    {% do return(row[0] ~ '.' ~ row[1]) %}
{% endmacro %}

{% macro spark__table_fingerprint(relation) %}
    {% set row = run_query(
        "select count(*), sum(cast(xxhash64(to_json(struct(*), map('ignoreNullFields', 'false'))) as decimal(38, 0))) from "
        ~ relation
    ).rows[0] %}
    {% do return(row[0] ~ '.' ~ row[1]) %}
{% endmacro %}
