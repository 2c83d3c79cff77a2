{# Columns of a row as one JSON text: a list of names, or a mapping of names in the text to columns. #}
{% macro record_as_json(columns) %}
    {% do return(adapter.dispatch('record_as_json', 'tierwise')(columns)) %}
{% endmacro %}

{% macro default__record_as_json(columns) %}
    {% set pairs = [] %}
    {% for name in columns %}
        {% do pairs.append("'" ~ name ~ "', " ~ (columns[name] if columns is mapping else name)) %}
    {% endfor %}
    {% do return('cast(json_object(' ~ pairs | join(', ') ~ ') as string)') %}
{% endmacro %}

{% macro spark__record_as_json(columns, time_format='yyyy-MM-dd HH:mm:ss') %}
    {% set pairs = [] %}
    {% for name in columns %}
        {% do pairs.append("'" ~ name ~ "', " ~ (columns[name] if columns is mapping else name)) %}
    {% endfor %}
    {% do return(
        'to_json(named_struct(' ~ pairs | join(', ') ~ "), map('ignoreNullFields', 'false', 'timestampNTZFormat', '"
        ~ time_format ~ "'))"
    ) %}
{% endmacro %}
