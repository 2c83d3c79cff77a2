{# Part of a whole as a double from 0 to 1; 0 where the whole is 0. #}
{% macro share(part, whole) %}
    {% do return('coalesce(cast(' ~ part ~ ' as double) / nullif(cast(' ~ whole ~ ' as double), 0), 0)') %}
{% endmacro %}
