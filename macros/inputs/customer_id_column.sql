{# A customer id, null for a guest: shops write "nobody" in several ways, and none of them is one big customer. #}
{% macro customer_id_column(input, column) %}
    {% set text = tierwise.text_column(input, column) %}
    {% if not tierwise.is_text_type(input.types[column]) %}
        {% do return(text) %}
    {% endif %}
    {% do return('case when lower(' ~ text ~ ") not in ('null', 'n/a', 'nan') then " ~ text ~ ' end') %}
{% endmacro %}
