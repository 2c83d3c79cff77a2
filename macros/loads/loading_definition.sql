{#
    A hash of everything that decides how a row is read and judged: mappings, settings, models and macros. Tables that
    are loaded bit by bit were made by one definition; where it changes they are built anew.
#}
{% macro loading_definition() %}
    {% set decides = {} %}
    {% for table, entry in tierwise.configured_inputs().items() %}
        {% set mapping = dict(entry) %}
        {% do mapping.pop('path', none) %}
        {% do decides.update({table: mapping}) %}
    {% endfor %}
    {% for name in ['business_timezone', 'min_order_date', 'base_currency', 'zero_amount_is_purchase',
        'default_margin_share', 'max_text_length', 'history_basis'] %}
        {% do decides.update({name: tierwise.setting(name)}) %}
    {% endfor %}
    {% for name, macro in tierwise.items() %}
        {% do decides.update({name: local_md5(macro.macro.macro_sql)}) %}
    {% endfor %}
    {% for node in graph.nodes.values()
        if node.package_name == 'tierwise' and node.resource_type == 'model'
        and (node.fqn[1] == 'staging' or node.fqn[2] in ['orders', 'customers']) %}
        {% do decides.update({node.unique_id: node.checksum.checksum}) %}
    {% endfor %}
    {% do return(local_md5(tojson(decides, sort_keys=true))) %}
{% endmacro %}
