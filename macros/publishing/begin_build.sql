{#
    Says in the table _build that a build is under way. What stands there is `whole` again only when `end_build` has seen
    every table and every test of the project succeed: a build that was killed never says so.
#}
{% macro begin_build() %}
    {% if execute and flags.WHICH in ['build', 'run', 'seed', 'snapshot'] %}
        {% do tierwise.write_build('under_way', {}) %}
    {% endif %}
{% endmacro %}
