{#
    An amount of 0 or more divided by a count, rounded half away from zero to cents; null for a count of 0. In whole
    cents, because a division of decimals is a double on DuckDB and 2.01 / 2 would come to 1.00.
#}
{% macro amount_per(amount, count) %}
    {% do return(adapter.dispatch('amount_per', 'tierwise')(amount, count)) %}
{% endmacro %}

{% macro default__amount_per(amount, count) %}
    {% set doubled_cents = 'cast(200 * cast(' ~ amount ~ ' as decimal(28, 2)) as hugeint)' %}
    {% do return(
        'cast(((' ~ doubled_cents ~ ' + ' ~ count ~ ') // nullif(2 * ' ~ count ~ ', 0)) * cast(0.01 as decimal(3, 2)) as '
        ~ 'decimal(18, 2))'
    ) %}
{% endmacro %}

{% macro spark__amount_per(amount, count) %}
    {% set doubled_cents = 'cast(200 * cast(' ~ amount ~ ' as decimal(28, 2)) as decimal(38, 0))' %}
    {% do return(
        'cast(((' ~ doubled_cents ~ ' + ' ~ count ~ ') div nullif(2 * ' ~ count ~ ', 0)) * cast(0.01 as decimal(3, 2)) as '
        ~ 'decimal(18, 2))'
    ) %}
{% endmacro %}
