{% macro boolean_column(input, column) %}
    {% if input.types[column] | upper == 'BOOLEAN' %}
        {% do return(column) %}
    {% endif %}
    {% set text = 'lower(trim(cast(' ~ column ~ ' as string)))' %}
    {% do return(
        'case when ' ~ text ~ " in ('true', 't', 'yes', 'y', '1') then true when " ~ text
        ~ " in ('false', 'f', 'no', 'n', '0') then false end"
    ) %}
{% endmacro %}
