{# An id or label as text: outer blanks off, composed to NFC, blank as null. Case and width stay as they are. #}
{% macro text_column(input, column) %}
    {% if tierwise.is_text_type(input.types[column]) %}
        {% do return("nullif(" ~ tierwise.composed_text('trim(' ~ column ~ ')') ~ ", '')") %}
    {% endif %}
    {% do return('cast(' ~ column ~ ' as string)') %}
{% endmacro %}
