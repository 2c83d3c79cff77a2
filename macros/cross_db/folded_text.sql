{# A text by which ids that look alike meet: lower case, half width, an all-digit id without its leading zeros. #}
{% macro folded_text(text) %}
    {% set wide = [] %}
    {% set narrow = [] %}
    {% for number in range(0x21, 0x7F) %}
        {% do wide.append('%c' | format(number + 0xFEE0)) %}
        {% do narrow.append('%c' | format(number)) %}
    {% endfor %}
    {% set folded = 'lower(translate(' ~ text ~ ", '" ~ wide | join ~ "', " ~ tierwise.text_literal(narrow | join) ~ '))' %}
    {% do return(
        'case when ' ~ tierwise.full_match(folded, '0*[1-9][0-9]*') ~ ' then trim(leading ' ~ "'0' from " ~ folded ~ ') else ' ~ folded ~ ' end'
    ) %}
{% endmacro %}
