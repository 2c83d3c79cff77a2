{#
    One input table, ready to be selected from: `relation` is an SQL text with one column per column of the contract
    (those of `unmapped` null) and what is known of the row itself: source_file_key, source_line, and for a line that is
    no row row_code, row_detail, raw_line. `types` names the type each column has in the source; `has_operands` the
    columns made by an expression, whose operands stand beside them as <column>_operands; `files` the files with label
    and key; `extra_columns` those nothing uses; `left_out` the rows the mapping's `where` leaves out, to be counted.
    Refuses a missing required column and an unknown one, naming the columns found.
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
            {% do selected.append('cast(null as string) as ' ~ column) %}
        {% endfor %}
        {% do selected.append(
            'cast(null as bigint) as source_file_key, cast(null as bigint) as source_line, '
            ~ 'cast(null as string) as row_code, cast(null as string) as row_detail, cast(null as string) as raw_line'
        ) %}
        {% do return({
            'is_given': false, 'entry': {}, 'types': types, 'unmapped': contract.columns | list,
            'has_operands': [], 'files': [], 'extra_columns': [], 'left_out': none, 'has_row_codes': false,
            'relation': '(select ' ~ selected | join(', ') ~ ' where 1 = 0) as mapped_input',
        }) %}
    {% endif %}
    {% set reader = tierwise.input_reader(table, entry, model_relation) %}
    {% set found = reader.columns.values() | rejectattr('is_pseudo') | map(attribute='name') | join(', ') %}
    {% set mapping = entry.get('columns', {}) %}
    {% set missing = [] %}
    {% set unmapped = [] %}
    {% set has_operands = [] %}
    {% set used = [] %}
    {% for column in contract.columns %}
        {% set expression = mapping.get(column, column if column in reader.columns else none) %}
        {% if expression is not none %}
            {% set mapped = tierwise.map_expression(table, entry, column, expression, reader.columns) %}
            {% set sql = mapped.sql %}
            {% do used.extend(mapped.operands or [sql]) %}
            {% do tierwise.refuse_expression(table, column, expression, mapped, reader.relation) %}
            {# An expression that comes to nothing must not hide what it was made of. #}
            {% if mapped.operands %}
                {% do selected.append(tierwise.joined_text(mapped.operands) ~ ' as ' ~ column ~ '_operands') %}
                {% do has_operands.append(column) %}
            {% endif %}
        {% else %}
            {% set sql = 'cast(null as string)' %}
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
    {% set is_read_from_files = entry.path is defined %}
    {% if is_read_from_files %}
        {% do selected.append(
            '_file_key as source_file_key, _line as source_line, _row_code as row_code, _row_detail as row_detail, '
            ~ '_raw_line as raw_line'
        ) %}
    {% else %}
        {% do selected.append(
            'cast(' ~ reader.files[0].key ~ ' as bigint) as source_file_key, cast(null as bigint) as source_line, '
            ~ 'cast(null as string) as row_code, cast(null as string) as row_detail, cast(null as string) as raw_line'
        ) %}
    {% endif %}
    {# A line that is no row has nothing to be left out by; a condition that cannot be worked out leaves nothing out. #}
    {% set condition = 'true' %}
    {% if entry.where %}
        {% set mapped = tierwise.map_expression(table, entry, 'where', entry.where, reader.columns) %}
        {% do used.extend(mapped.operands or [mapped.sql]) %}
        {% do tierwise.refuse_expression(table, 'where', entry.where, mapped, reader.relation) %}
        {% set condition = 'coalesce(try_cast(' ~ mapped.sql ~ ' as boolean), true)'
            ~ (' or _row_code is not null' if is_read_from_files else '') %}
    {% endif %}
    {% set relation = tierwise.landed_input(
        entry, '(select ' ~ selected | join(', ') ~ ' from ' ~ reader.relation ~ ' where ' ~ condition ~ ')'
    ) %}
    {% for column, type in tierwise.column_types(relation).items() %}
        {% do types.update({column: type}) %}
    {% endfor %}
    {% set extra_columns = [] %}
    {% for column in reader.columns.values() if not column.is_pseudo and column.sql not in used %}
        {% do extra_columns.append(column.name) %}
    {% endfor %}
    {% do return({
        'is_given': true, 'entry': entry, 'types': types, 'unmapped': unmapped, 'has_operands': has_operands,
        'relation': relation ~ ' as mapped_input', 'files': reader.files, 'extra_columns': extra_columns,
        'has_row_codes': reader.files | selectattr('line_by_line', 'true') | list | length > 0,
        'left_out': tierwise.landed_input(entry, reader.relation ~ ' where not (' ~ condition ~ ')') if entry.where else none,
    }) %}
{% endmacro %}
