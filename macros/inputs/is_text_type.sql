{% macro is_text_type(type) %}
    {% set base = type | upper | replace('CHARACTER VARYING', 'VARCHAR') %}
    {% do return(base.split('(')[0] | trim in ['VARCHAR', 'TEXT', 'STRING', 'CHAR', 'BPCHAR']) %}
{% endmacro %}
