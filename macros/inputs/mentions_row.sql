{# Numbering rows costs a pass, so it is done only for a mapping that asks for it. #}
{% macro mentions_row(entry) %}
    {% set words = modules.re.findall('\\w+', entry.get('columns', {}).values() | join(' ') | lower) %}
    {% do return('_row' in words) %}
{% endmacro %}
