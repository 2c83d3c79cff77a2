{# Both bounds are inclusive, either may be left out, and nulls pass: whether a value may be missing is another test. #}
{% test in_range(model, column_name, min_value=none, max_value=none) %}

{% if min_value is none and max_value is none %}
    {{ exceptions.raise_compiler_error('in_range needs min_value or max_value, or both.') }}
{% endif %}
select {{ column_name }}
from {{ model }}
where
    false
    {% if min_value is not none %}
    or {{ column_name }} < {{ min_value }}
    {% endif %}
    {% if max_value is not none %}
    or {{ column_name }} > {{ max_value }}
    {% endif %}

{% endtest %}
