{# True where a date is one of the last `window_days` days up to and including the as-of date; always, without a window. #}
{% macro is_in_window(day, as_of_date, window_days) %}
    {% if window_days is none %}
        {% do return('true') %}
    {% endif %}
    {% do return(day ~ ' > ' ~ tierwise.days_before(as_of_date, window_days)) %}
{% endmacro %}
