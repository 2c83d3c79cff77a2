{# What is allowed where the value is not; an empty text where it is. #}
{% macro setting_problem(rule, value) %}
    {% if value is none %}
        {% do return('' if rule.nullable else tierwise.allowed_values(rule)) %}
    {% endif %}
    {% set is_number = value is number and value is not boolean %}
    {% set fits = namespace(yes=false) %}
    {% if rule.type == 'integer' %}
        {% set fits.yes = value is integer and value is not boolean and rule.min <= value <= rule.max %}
    {% elif rule.type == 'number' %}
        {% set fits.yes = is_number and rule.min <= value <= rule.max %}
    {% elif rule.type == 'boolean' %}
        {% set fits.yes = value is boolean %}
    {% elif rule.type == 'choice' %}
        {% set fits.yes = value is string and value in rule.of %}
    {% elif rule.type == 'date' %}
        {% set fits.yes = tierwise.is_calendar_date(value | string) %}
    {% elif rule.type == 'currency' %}
        {% set fits.yes = value is string and modules.re.fullmatch('[A-Z]{3}', value) is not none %}
    {% elif rule.type == 'name' %}
        {% set fits.yes = value is string and modules.re.fullmatch('[a-z][a-z0-9_]{0,62}', value) is not none %}
    {% elif rule.type == 'time zone' %}
        {% set fits.yes = value is string and value in modules.pytz.all_timezones %}
    {% elif rule.type == 'ascending numbers' %}
        {% set fits.yes = tierwise.are_ascending_numbers(value) %}
    {% elif rule.type == 'weights' %}
        {% set fits.yes = value is mapping and (value | list | sort) == (rule.of | sort) %}
        {% for weight in (value.values() if fits.yes else []) %}
            {% if weight is not number or weight is boolean or not 0 <= weight <= 1000 %}
                {% set fits.yes = false %}
            {% endif %}
        {% endfor %}
        {% if fits.yes and value.values() | sum == 0 %}
            {% set fits.yes = false %}
        {% endif %}
    {% elif rule.type == 'tier policies' %}
        {% do return(tierwise.tier_policies_problem(value)) %}
    {% elif rule.type == 'inputs' %}
        {% do return(tierwise.inputs_problem(value)) %}
    {% endif %}
    {% do return('' if fits.yes else tierwise.allowed_values(rule)) %}
{% endmacro %}
