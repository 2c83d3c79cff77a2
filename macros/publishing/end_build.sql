{# Says in the table _build how the build ended, and what publishing needs to know of it. #}
{% macro end_build(results) %}
    {% if execute and flags.WHICH in ['build', 'run', 'seed', 'snapshot'] %}
        {% set ended = namespace(well=[], failed=[], missing=[]) %}
        {% for result in results %}
            {% set name = result.node.unique_id %}
            {% if result.status | string in ['pass', 'success', 'warn'] %}
                {% do ended.well.append(name) %}
            {% elif result.status | string in ['error', 'fail', 'runtime error'] %}
                {% do ended.failed.append(result.node.name) %}
            {% endif %}
        {% endfor %}
        {% for node in graph.nodes.values() if node.package_name == 'tierwise' %}
            {% if node.resource_type in ['model', 'seed', 'test'] and node.unique_id not in ended.well %}
                {% do ended.missing.append(node.name) %}
            {% endif %}
        {% endfor %}
        {% set state = 'failed' if ended.failed else ('partial' if ended.missing else 'whole') %}
        {% set settings = {} %}
        {% for name in tierwise.settings_contract() %}
            {% do settings.update({name: tierwise.setting(name)}) %}
        {% endfor %}
        {% do tierwise.write_build(state, {
            'failed': ended.failed | sort | join(', '),
            'settings_hash': local_md5(tojson(settings, sort_keys=true))[:12],
            'tables': tojson(tierwise.public_tables(), sort_keys=true),
        }) %}
    {% endif %}
{% endmacro %}
