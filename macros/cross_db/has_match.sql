{# True where the pattern matches somewhere in the text (RE2 / Java syntax common to both). #}
{% macro has_match(text, pattern) %}
    {% do return(adapter.dispatch('has_match', 'tierwise')(text, pattern)) %}
{% endmacro %}

{% macro default__has_match(text, pattern) %}
    {% do return("regexp_matches(" ~ text ~ ", '" ~ pattern.replace("'", "''") ~ "')") %}
{% endmacro %}

{% macro spark__has_match(text, pattern) %}
    {% do return('(' ~ text ~ ' rlike ' ~ tierwise.text_literal(pattern) ~ ')') %}
{% endmacro %}
