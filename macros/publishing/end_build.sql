{#
    Says in the table _build how the build ended, and what publishing needs to know of it. `dbt test` alone only ever
    says that tests failed: that they passed makes nothing whole that was not.
#}
{% macro end_build(results) %}
    {% set faults = (results or []) | selectattr('status', 'in', ['error', 'fail', 'runtime error']) | list %}
    {% if execute and (flags.WHICH in ['build', 'run', 'seed', 'snapshot'] or (flags.WHICH == 'test' and faults)) %}
        {% set ended = namespace(well=[], missing=[]) %}
        {% for result in results %}
            {% set name = result.node.unique_id %}
            {% if result.status | string in ['pass', 'success', 'warn'] %}
                {% do ended.well.append(name) %}
            {% endif %}
        {% endfor %}
        {% for node in graph.nodes.values() if node.package_name == 'tierwise' %}
            {% if node.resource_type in ['model', 'seed', 'test'] and node.unique_id not in ended.well %}
                {% do ended.missing.append(node.name) %}
            {% endif %}
        {% endfor %}
        {% set is_partial = ended.missing or flags.EMPTY or flags.SAMPLE %}
        {% set state = 'failed' if faults else ('partial' if is_partial else 'whole') %}
        {% set settings = {} %}
        {% for name in tierwise.settings_contract() %}
            {% do settings.update({name: tierwise.setting(name)}) %}
        {% endfor %}
        {% do tierwise.write_build(state, {
            'failed': faults | map(attribute='node.name') | sort | join(', '),
            'settings_hash': local_md5(tojson(settings, sort_keys=true))[:12],
            'tables': tojson(tierwise.public_tables(), sort_keys=true),
        }) %}
    {% endif %}
{% endmacro %}
