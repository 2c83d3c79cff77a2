{# The last days of the days, weeks (Monday to Sunday), months or quarters from the one of a date to that of another, a row each. #}
{% macro period_ends(period, first_date, last_date) %}
    {% do return(adapter.dispatch('period_ends', 'tierwise')(period, first_date, last_date)) %}
{% endmacro %}

{% macro default__period_ends(period, first_date, last_date) %}
    {% set start = "date_trunc('" ~ period ~ "', cast(" ~ first_date ~ ' as timestamp))' %}
    {% set step = {
        'day': 'interval 1 day', 'week': 'interval 7 day', 'month': 'interval 1 month', 'quarter': 'interval 3 month',
    }[period] %}
    {% do return(
        'cast(unnest(generate_series(' ~ start ~ ', cast(' ~ last_date ~ ' as timestamp), ' ~ step ~ ')) + ' ~ step
        ~ ' as date) - 1'
    ) %}
{% endmacro %}

{% macro spark__period_ends(period, first_date, last_date) %}
    {% set start = "cast(date_trunc('" ~ period ~ "', " ~ first_date ~ ') as date)' %}
    {% set step = {
        'day': 'interval 1 day', 'week': 'interval 7 day', 'month': 'interval 1 month', 'quarter': 'interval 3 month',
    }[period] %}
    {% do return(
        'explode(transform(sequence(' ~ start ~ ', ' ~ last_date ~ ', ' ~ step ~ '), start_date -> '
        ~ 'date_sub(cast(start_date + ' ~ step ~ ' as date), 1)))'
    ) %}
{% endmacro %}
