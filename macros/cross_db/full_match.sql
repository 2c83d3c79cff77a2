{# True where the whole text matches the pattern (RE2 / Java syntax common to both). #}
{% macro full_match(text, pattern) %}
    {% do return(adapter.dispatch('full_match', 'tierwise')(text, pattern)) %}
{% endmacro %}

{% macro default__full_match(text, pattern) %}
    {% do return("regexp_full_match(" ~ text ~ ", '" ~ pattern.replace("'", "''") ~ "')") %}
{% endmacro %}

{% macro spark__full_match(text, pattern) %}
    {% do return('(' ~ text ~ ' rlike ' ~ tierwise.text_literal('\\A(?:' ~ pattern ~ ')\\z') ~ ')') %}
{% endmacro %}
