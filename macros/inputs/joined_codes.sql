{#
    Reason codes whose conditions hold, in order, after those of an earlier step. Nearly no row has any, so first one
    condition is asked for all of them.
#}
{% macro joined_codes(conditions, earlier_codes) %}
    {% set codes = [] %}
    {% set any = [] %}
    {% for code, condition in conditions.items() %}
        {% do codes.append('case when ' ~ condition ~ " then '" ~ code ~ "' end") %}
        {% do any.append('(' ~ condition ~ ')') %}
    {% endfor %}
    {% do return(
        'case when ' ~ any | join(' or ') ~ " then concat_ws(',', nullif(" ~ earlier_codes ~ ", ''), "
        ~ codes | join(', ') ~ ') else ' ~ earlier_codes ~ ' end'
    ) %}
{% endmacro %}
