{% macro are_ascending_numbers(values) %}
    {% if values is string or values is mapping or values is not sequence or values | length == 0 %}
        {% do return(false) %}
    {% endif %}
    {% set so_far = namespace(fits=true, last=none) %}
    {% for value in values %}
        {% if value is not number or value is boolean or not (value | abs) <= 1000000000000 %}
            {% set so_far.fits = false %}
        {% elif so_far.fits and so_far.last is not none and value <= so_far.last %}
            {% set so_far.fits = false %}
        {% endif %}
        {% set so_far.last = value %}
    {% endfor %}
    {% do return(so_far.fits) %}
{% endmacro %}
