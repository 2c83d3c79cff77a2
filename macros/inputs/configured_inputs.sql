{#
    Where each table comes from: setting `inputs`, with paths from the environment on top; the demonstration input
    only while neither names anything, so that nobody's orders are ever mixed with the demonstration's products.
#}
{% macro configured_inputs() %}
    {% set configured = {} %}
    {% for table, entry in tierwise.setting('inputs').items() %}
        {% do configured.update({table: dict(entry)}) %}
    {% endfor %}
    {% for table in tierwise.input_contract() %}
        {% set path = env_var('TIERWISE_' ~ table | upper, '') %}
        {% if path %}
            {% set entry = configured.get(table, {}) %}
            {% do entry.pop('table', none) %}
            {% do entry.pop('model', none) %}
            {% do entry.update({'path': path}) %}
            {% do configured.update({table: entry}) %}
        {% endif %}
    {% endfor %}
    {% do return(configured or tierwise.setting('demo_inputs')) %}
{% endmacro %}
