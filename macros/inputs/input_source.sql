{#
    One input table, ready to be selected from: `relation` is an SQL text with one column per column of the contract
    (those of `unmapped` null) and source_file; `types` names the type each has in the source; `is_given` says whether
    the shop has the table at all;
    `has_operands` the columns made by an expression, whose operands stand beside them as <column>_operands. Refuses a missing required column and an unknown one, naming the columns found.
#}
{% macro input_source(table) %}
    {% set contract = tierwise.input_contract()[table] %}
    {% set entry = tierwise.configured_inputs().get(table) %}
    {# Drawn in the lineage whatever kind of input it is; only `model` is a reference dbt itself can follow. #}
    {% set lineage = source('commerce', table) %}
    {% set model_relation = none %}
    {% if entry and entry.model %}
        {% set package_name, _, model_name = ('.' ~ entry.model).rpartition('.') %}
        {% set model_relation = ref(package_name[1:] or project_name, model_name) %}
    {% endif %}
    {% set types = {} %}
    {% set selected = [] %}
    {% if not execute or not entry %}
        {% for column in contract.columns %}
            {% do types.update({column: 'VARCHAR'}) %}
            {% do selected.append('cast(null as varchar) as ' ~ column) %}
        {% endfor %}
        {% do selected.append('cast(null as varchar) as source_file') %}
        {% do return({
            'is_given': false, 'entry': {}, 'types': types, 'unmapped': contract.columns | list,
            'has_operands': [],
            'relation': '(select ' ~ selected | join(', ') ~ ' where 1 = 0) as mapped_input',
        }) %}
    {% endif %}
    {% set reader = tierwise.input_reader(table, entry, model_relation) %}
    {% set found = reader.columns.values() | rejectattr('is_pseudo') | map(attribute='name') | join(', ') %}
    {% set mapping = entry.get('columns', {}) %}
    {% set missing = [] %}
    {% set unmapped = [] %}
    {% set has_operands = [] %}
    {% for column in contract.columns %}
        {% set expression = mapping.get(column, column if column in reader.columns else none) %}
        {% if expression is not none %}
            {% set mapped = tierwise.map_expression(table, entry, column, expression, reader.columns) %}
            {% set sql = mapped.sql %}
            {% set problem = tierwise.expression_problem(sql, reader.relation) if mapped.is_expression else '' %}
            {% if problem %}
                {{ exceptions.raise_compiler_error(
                    "Input '" ~ table ~ "', column '" ~ column ~ "': '" ~ expression ~ "' cannot be worked out: " ~ problem
                ) }}
            {% endif %}
            {# An expression that comes to nothing must not hide what it was made of. #}
            {% if mapped.operands %}
                {% do selected.append(tierwise.joined_text(mapped.operands) ~ ' as ' ~ column ~ '_operands') %}
                {% do has_operands.append(column) %}
            {% endif %}
        {% else %}
            {% set sql = 'cast(null as varchar)' %}
            {% do unmapped.append(column) %}
            {% if column in contract.required %}
                {% do missing.append(column) %}
            {% endif %}
        {% endif %}
        {% do selected.append(sql ~ ' as ' ~ column) %}
    {% endfor %}
    {% if table == 'orders' and missing == ['amount'] and tierwise.configured_inputs().get('order_lines') %}
        {% set missing = [] %}
    {% endif %}
    {% if missing %}
        {{ exceptions.raise_compiler_error(
            "SCHEMA_MISSING_COLUMN Input '" ~ table ~ "' (" ~ reader.name ~ ") has no column for: "
            ~ (missing | join(', ')) ~ ". Columns found: " ~ found ~ ". Name the right ones under inputs: " ~ table
            ~ ": columns (docs/your-own-orders.md)."
        ) }}
    {% endif %}
    {% do selected.append(reader.file_sql ~ ' as source_file') %}
    {% set relation = '(select ' ~ selected | join(', ') ~ ' from ' ~ reader.relation ~ ')' %}
    {% for column, type in tierwise.column_types(relation).items() %}
        {% do types.update({column: type}) %}
    {% endfor %}
    {% do return({
        'is_given': true, 'entry': entry, 'types': types, 'unmapped': unmapped,
        'has_operands': has_operands, 'relation': relation ~ ' as mapped_input',
    }) %}
{% endmacro %}
