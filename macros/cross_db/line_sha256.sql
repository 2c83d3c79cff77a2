{# SHA-256 of a line of a text file as it stands there, in hexadecimal; null where nobody can look it up. #}
{% macro line_sha256(path, line) %}
    {% do return(adapter.dispatch('line_sha256', 'tierwise')(path, line)) %}
{% endmacro %}

{% macro default__line_sha256(path, line) %}
    {% do return('cast(null as string)') %}
{% endmacro %}

{% macro duckdb__line_sha256(path, line) %}
    {% set reads_files = tierwise.configured_inputs().values() | selectattr('path', 'defined') | list %}
    {% do return('tierwise_line_sha256(' ~ path ~ ', ' ~ line ~ ')' if reads_files else 'cast(null as string)') %}
{% endmacro %}
