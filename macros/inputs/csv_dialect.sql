{# The CSV dialect of an input, complete. Who lists column names has, unless said otherwise, a file without a header. #}
{% macro csv_dialect(entry) %}
    {% set csv = entry.get('csv', {}) %}
    {% do return({
        'delimiter': csv.get('delimiter', ','), 'quote': csv.get('quote', '"'), 'escape': csv.get('escape', '"'),
        'header': csv.get('header', not csv.get('column_names')), 'column_names': csv.get('column_names'),
        'encoding': csv.get('encoding', 'utf-8'), 'skip_lines': csv.get('skip_lines', 0),
    }) %}
{% endmacro %}
