{# True where a cell lies in a rectangle of the segment map; all six bounds are inclusive. #}
{% macro is_in_rectangle(cells, rectangles) %}
    {% set bounds = [] %}
    {% for letter in ['r', 'f', 'm'] %}
        {% do bounds.append(
            cells ~ '.' ~ letter ~ '_five_point between ' ~ rectangles ~ '.' ~ letter ~ '_min and ' ~ rectangles ~ '.'
            ~ letter ~ '_max'
        ) %}
    {% endfor %}
    {% do return(bounds | join(' and ')) %}
{% endmacro %}
