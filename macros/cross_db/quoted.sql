{# An identifier exactly as it is, whatever characters it holds. #}
{% macro quoted(name) %}
    {% do return('"' ~ name.replace('"', '""') ~ '"') %}
{% endmacro %}
