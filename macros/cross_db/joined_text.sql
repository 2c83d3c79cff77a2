{# Several columns as one text, set apart by a bar; blanks and nulls are left out. #}
{% macro joined_text(columns) %}
    {% do return(adapter.dispatch('joined_text', 'tierwise')(columns)) %}
{% endmacro %}

{% macro default__joined_text(columns) %}
    {% set texts = [] %}
    {% for column in columns %}
        {% do texts.append("nullif(trim(cast(" ~ column ~ " as string)), '')") %}
    {% endfor %}
    {% do return("concat_ws(' | ', " ~ texts | join(', ') ~ ')') %}
{% endmacro %}
