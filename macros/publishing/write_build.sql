{# Replaces the one row of the table _build. #}
{% macro write_build(state, facts) %}
    {% set relation = api.Relation.create(database=target.database or none, schema=target.schema, identifier='_build') %}
    {% set columns = ['build_id', 'build_state', 'failed_nodes', 'settings_hash', 'public_tables'] %}
    {% set values = [invocation_id, state, facts.failed, facts.settings_hash, facts.tables] %}
    {% set selected = [] %}
    {% for column in columns %}
        {% do selected.append('cast(' ~ tierwise.text_literal(values[loop.index0] or '') ~ ' as string) as ' ~ column) %}
    {% endfor %}
    {% do tierwise.replace_table(relation, 'select ' ~ selected | join(', ')) %}
{% endmacro %}
