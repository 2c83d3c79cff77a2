{# What the reason codes of a column are named after. #}
{% macro column_noun(column, type) %}
    {% do return(
        {'money': 'AMOUNT', 'quantity': 'QUANTITY', 'timestamp': 'DATE', 'date': 'DATE', 'boolean': 'FLAG'}
        .get(type, column | upper)
    ) %}
{% endmacro %}
