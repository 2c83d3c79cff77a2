{#
    The reason code of one column, null where it could be read: missing where it is required and blank, otherwise the
    way in which a value that is there did not become its type. Empty where no value of the source type can fail.
#}
{% macro format_code(input, column, type, is_required) %}
    {% set noun = {
        'money': 'AMOUNT', 'quantity': 'QUANTITY', 'timestamp': 'DATE', 'date': 'DATE', 'boolean': 'FLAG',
    }.get(type, column | upper) %}
    {% set is_text = tierwise.is_text_type(input.types[column]) %}
    {% set text = 'trim(' ~ column ~ ')' if is_text else 'cast(' ~ column ~ ' as string)' %}
    {% set blank = "coalesce(" ~ text ~ ", '') = ''" if is_text else column ~ ' is null' %}
    {% if column in input.has_operands %}
        {% set blank = column ~ "_operands = ''" %}
    {% endif %}
    {% set typed = tierwise.typed_column(input, column, type) %}
    {% set missing = 'when ' ~ blank ~ " then '" ~ noun ~ "_MISSING'" if is_required else '' %}
    {% set unreadable = 'when not (' ~ blank ~ ') and ' ~ typed ~ ' is null then ' %}
    {% if not is_required and (type == 'text' or column in input.unmapped) %}
        {% do return('') %}
    {% elif column == 'customer_id' %}
        {# NULL and the like are nobody's id. #}
        {% do return('case when ' ~ typed ~ " is null then '" ~ noun ~ "_MISSING' end") %}
    {% elif type == 'text' %}
        {% do return('case ' ~ missing ~ ' end') %}
    {% elif type in ['money', 'quantity'] %}
        {% set plain = tierwise.number_text(column, input.entry) ~ ' is not null' if is_text
            else 'true' if column not in input.has_operands else 'false' %}
        {% do return(
            'case ' ~ missing ~ ' ' ~ unreadable ~ "case when lower(trim(both '+- ' from "
            ~ text ~ ")) in ('nan', 'inf', 'infinity') then '" ~ noun ~ "_NOT_FINITE' when " ~ plain ~ " then '" ~ noun
            ~ "_RANGE' else '" ~ noun ~ "_FORMAT' end when abs(" ~ typed ~ ") >= 1000000000000 then '" ~ noun
            ~ "_RANGE' end"
        ) %}
    {% elif type in ['timestamp', 'date'] %}
        {% set format = input.entry.get(type ~ '_format') %}
        {% set shape = tierwise.time_shape(format) if format else '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?' %}
        {% do return(
            'case ' ~ missing ~ ' ' ~ unreadable ~ 'case when ' ~ tierwise.full_match(text, shape)
            ~ " then 'DATE_INVALID' else 'DATE_FORMAT' end end"
        ) %}
    {% endif %}
    {% do return('case ' ~ missing ~ ' ' ~ unreadable ~ "'" ~ noun ~ "_FORMAT' end") %}
{% endmacro %}
