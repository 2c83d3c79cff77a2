{% macro is_calendar_date(text) %}
    {% if modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', text) is none %}
        {% do return(false) %}
    {% endif %}
    {% set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int %}
    {% if not (1 <= year <= 9998 and 1 <= month <= 12 and day >= 1) %}
        {% do return(false) %}
    {% endif %}
    {% set next_month = modules.datetime.date(year + month // 12, month % 12 + 1, 1) %}
    {% do return(day <= (next_month - modules.datetime.timedelta(days=1)).day) %}
{% endmacro %}
