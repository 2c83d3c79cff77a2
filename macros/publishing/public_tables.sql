{# The tables that people read, each with the columns of its key: those of the shortest test of uniqueness. #}
{% macro public_tables() %}
    {% set names = {} %}
    {% set keys = {} %}
    {% for node in graph.nodes.values() if node.package_name == 'tierwise' %}
        {% if node.resource_type == 'model' and node.access == 'public' %}
            {% do names.update({node.unique_id: node.alias}) %}
        {% elif node.resource_type == 'test' and node.test_metadata and not node.config.where %}
            {% set columns = {
                'unique': [node.test_metadata.kwargs.column_name],
                'unique_together': node.test_metadata.kwargs.columns,
            }.get(node.test_metadata.name) %}
            {% set known = keys.get(node.attached_node) %}
            {% if columns and (not known or (columns | length, columns) < (known | length, known)) %}
                {% do keys.update({node.attached_node: columns}) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% set tables = {} %}
    {% for unique_id, name in names.items() %}
        {% do tables.update({name: keys.get(unique_id, [])}) %}
    {% endfor %}
    {% do return(tables) %}
{% endmacro %}
