{#
    The pattern of texts a strptime format could have been written for. DuckDB reads 24 as the year of %Y; and a text of
    this shape that is no date is a wrong date, not a wrong format.
#}
{% macro time_shape(format) %}
    {% set shapes = {'Y': '[0-9]{4}', 'y': '[0-9]{2}', 'f': '[0-9]{1,6}', 'j': '[0-9]{1,3}', 'z': '[+-][0-9:]{2,6}',
        'p': '[AaPp][Mm]', '%': '%'} %}
    {% set shape = [] %}
    {% for directive, other in modules.re.findall('%-?([A-Za-z%])|(.)', format) %}
        {% if directive in ['a', 'A', 'b', 'B', 'Z'] %}
            {% do shape.append('[^0-9]+') %}
        {% elif directive %}
            {% do shape.append(shapes.get(directive, '[0-9]{1,2}')) %}
        {% else %}
            {% do shape.append(modules.re.escape(other)) %}
        {% endif %}
    {% endfor %}
    {% do return(shape | join) %}
{% endmacro %}
