{#
    A hash of everything but the orders that decides what the history of tiers is: settings, models and macros. Where it
    changes, all periods are built anew.
#}
{% macro history_definition() %}
    {% if not execute %}
        {% do return('') %}
    {% endif %}
    {% set decides = {} %}
    {% for name in tierwise.settings_contract() if name.startswith(('rfm_', 'abc_', 'tier_p', 'tier_v', 'natural_')) %}
        {% do decides.update({name: tierwise.setting(name)}) %}
    {% endfor %}
    {% for name, macro in tierwise.items() %}
        {% do decides.update({name: local_md5(macro.macro.macro_sql)}) %}
    {% endfor %}
    {% for node in graph.nodes.values()
        if node.package_name == 'tierwise' and node.resource_type == 'model'
        and ('tiering' in node.fqn or 'utilities' in node.fqn) %}
        {% do decides.update({node.unique_id: node.checksum.checksum}) %}
    {% endfor %}
    {% do return(local_md5(tojson(decides, sort_keys=true))) %}
{% endmacro %}
