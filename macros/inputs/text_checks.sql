{#
    What can be wrong with any text: a mapping of reason code to a mapping of column to SQL condition; under `any` a cheaper
    condition that holds wherever one of them does. Ids and other codes hold neither line breaks nor characters nobody sees
    (a joiner inside an emoji apart); names and reasons may have line breaks and what right-to-left writing needs. Nothing
    is longer than max_text_length, JSON apart.
#}
{% macro text_checks(input, table) %}
    {% set free_texts = ['reason', 'name', 'category', 'brand', 'region', 'industry', 'attributes', 'channel'] %}
    {% set invisible = '\\x{200B}-\\x{200F}\\x{2028}-\\x{202E}\\x{2060}-\\x{2064}\\x{2066}-\\x{2069}\\x{FEFF}' %}
    {% set emoji = '\\x{2600}-\\x{27BF}\\x{FE0F}\\x{1F000}-\\x{1FAFF}' %}
    {% set control = '[\\x00-\\x09\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F' ~ invisible.replace('\\x{200B}-', '\\x{200B}\\x{200C}\\x{200E}-', 1)
        ~ ']|(^|[^' ~ emoji ~ '])\\x{200D}' %}
    {% set free_control = '[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F\\x{200B}\\x{2060}\\x{FEFF}]' %}
    {% set checks = {'ROW_EMBEDDED_NEWLINE': {}, 'CONTROL_CHARACTER': {}, 'TOO_LONG': {}, 'any': {}} %}
    {% for column in tierwise.input_contract()[table].columns
        if column not in input.unmapped and tierwise.is_text_type(input.types[column]) %}
        {% set is_free = column in free_texts %}
        {% set too_long = 'length(' ~ column ~ ') > ' ~ tierwise.setting('max_text_length') %}
        {% if not is_free %}
            {% do checks.ROW_EMBEDDED_NEWLINE.update({column: tierwise.has_match(column, '[\r\n]')}) %}
        {% endif %}
        {% do checks.CONTROL_CHARACTER.update({column: tierwise.has_match(column, free_control if is_free else control)}) %}
        {% if column != 'attributes' %}
            {% do checks.TOO_LONG.update({column: too_long}) %}
        {% endif %}
        {% do checks.any.update({
            column: tierwise.has_match(column, free_control if is_free else '[\\x00-\\x1F\\x7F-\\x9F' ~ invisible ~ ']')
            ~ (' or ' ~ too_long if column != 'attributes' else '')
        }) %}
    {% endfor %}
    {% do return(checks) %}
{% endmacro %}
