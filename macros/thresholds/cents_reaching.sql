{#
    The least amount in whole cents that is at or above a limit, or above it where `is_exclusive`. Compared as a double,
    as scores and tiers are: a limit a trillionth below a cent is reached by that cent.
#}
{% macro cents_reaching(limit, is_exclusive) %}
    {% set cents = 'cast(' ~ limit ~ ' as decimal(18, 2))' %}
    {% do return(
        'case when cast(' ~ cents ~ ' as double) ' ~ ('> ' if is_exclusive else '>= ') ~ limit ~ ' then ' ~ cents
        ~ ' else cast(' ~ cents ~ ' + cast(0.01 as decimal(3, 2)) as decimal(18, 2)) end'
    ) %}
{% endmacro %}
