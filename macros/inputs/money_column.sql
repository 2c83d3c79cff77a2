{#
    An amount as decimal(18, 2), rounded half away from zero. Text goes to decimal directly, never through a double;
    a source column that is a double already is rounded from its own value.
#}
{% macro money_column(input, column) %}
    {% do return(tierwise.number_column(input, column, 2)) %}
{% endmacro %}
