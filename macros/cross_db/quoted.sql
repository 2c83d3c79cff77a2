{# An identifier exactly as it is, whatever characters it holds. #}
{% macro quoted(name) %}
    {% do return(adapter.dispatch('quoted', 'tierwise')(name)) %}
{% endmacro %}

{% macro default__quoted(name) %}
    {% do return('"' ~ name.replace('"', '""') ~ '"') %}
{% endmacro %}

{% macro spark__quoted(name) %}
    {% do return('`' ~ name.replace('`', '``') ~ '`') %}
{% endmacro %}
