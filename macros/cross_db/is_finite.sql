{# True where a number or point in time is finite, null where it is null; `type` in capitals. #}
{% macro is_finite(value, type) %}
    {% do return(adapter.dispatch('is_finite', 'tierwise')(value, type)) %}
{% endmacro %}

{% macro default__is_finite(value, type) %}
    {% do return('isfinite(' ~ value ~ ')') %}
{% endmacro %}

{# No point in time is infinite on Spark. #}
{% macro spark__is_finite(value, type) %}
    {% do return(
        '(not isnan(' ~ value ~ ') and abs(' ~ value ~ ") <> double('infinity'))" if type in ['DOUBLE', 'FLOAT', 'REAL']
        else value ~ ' is not null'
    ) %}
{% endmacro %}
