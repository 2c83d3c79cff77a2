{#
    The reason code of one column, null where it could be read: missing where it is required and blank, otherwise the
    way in which a value that is there did not become its type.
#}
{% macro format_code(input, column, type, is_required) %}
    {% set noun = {'money': 'AMOUNT', 'quantity': 'QUANTITY', 'timestamp': 'DATE', 'date': 'DATE', 'boolean': 'FLAG'}
        .get(type, column | upper) %}
    {% set text = 'trim(cast(' ~ column ~ ' as varchar))' %}
    {% set typed = tierwise.typed_column(input, column, type) %}
    {% set missing = "'" ~ noun ~ "_MISSING'" if is_required else 'null' %}
    {% set reason = "'" ~ noun ~ "_FORMAT'" %}
    {% if type in ['money', 'quantity'] %}
        {% set reason = "case when lower(trim(" ~ text ~ ", '+- ')) in ('nan', 'inf', 'infinity') then '" ~ noun
            ~ "_NOT_FINITE' else " ~ reason ~ ' end' %}
    {% elif type in ['timestamp', 'date'] and not input.entry.get(type ~ '_format') %}
        {% set reason = 'case when ' ~ tierwise.full_match(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?')
            ~ " then 'DATE_INVALID' else " ~ reason ~ ' end' %}
    {% elif type == 'text' and not is_required %}
        {% do return('') %}
    {% endif %}
    {% do return(
        'case when coalesce(' ~ text ~ ", '') = '' then " ~ missing ~ ' when ' ~ typed ~ ' is null then ' ~ reason ~ ' end'
    ) %}
{% endmacro %}
