{% macro date_column(input, column) %}
    {% set type = input.types[column] | upper %}
    {% if type == 'DATE' or type.startswith('TIMESTAMP') %}
        {% do return('cast(' ~ column ~ ' as date)') %}
    {% endif %}
    {% set text = 'trim(cast(' ~ column ~ ' as string))' %}
    {% if input.entry.date_format %}
        {% do return(
            'case when ' ~ tierwise.full_match(text, tierwise.time_shape(input.entry.date_format)) ~ ' then cast('
            ~ tierwise.try_parse_timestamp(text, input.entry.date_format) ~ ' as date) end'
        ) %}
    {% endif %}
    {% do return(
        'case when ' ~ tierwise.full_match(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}') ~ ' then try_cast(' ~ text
        ~ ' as date) end'
    ) %}
{% endmacro %}
