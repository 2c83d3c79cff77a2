{#
    What a run has to do to a table that is loaded bit by bit, from the table itself and from what it is made of, and from
    nothing else: a build that was killed, or left a model out, is caught up by the next one.

    Every such table bears on each row the number of the load that wrote it (load_number), the load numbers its sources
    had then (seen_loads), and the history it belongs to (history_id). A table of another definition, of sources that
    were built anew, or of files that are no longer there, belongs to another history and is built anew.

    The model says in meta.load: `files_of`, the input table whose files it reads; or `changes_from`, the tables of this
    kind it is made of; `key`, by which changed rows are replaced; `depends_on`, tables whose content decides; `facts`,
    what is true of a whole model at once. Returns is_rebuild, load_number, seen_loads, history_id, and for a further
    load new_files, or changed_keys, a query.
#}
{% macro load_state() %}
    {% set first = {'is_rebuild': true, 'load_number': 1, 'seen_loads': '', 'history_id': 'first'} %}
    {% if not execute or model.resource_type != 'model' or flags.WHICH not in ['build', 'run', 'retry'] %}
        {% do return(first) %}
    {% endif %}
    {% set plan = config.get('meta').load %}
    {% set decides = [tierwise.loading_definition()] %}
    {% for name in plan.get('depends_on', []) %}
        {% do decides.append(tierwise.table_fingerprint(ref(name))) %}
    {% endfor %}
    {% if plan.facts %}
        {% set facts = run_query('select ' ~ plan.facts.are ~ ' from ' ~ ref(plan.facts.of)).rows[0] %}
        {% do decides.append(facts.values() | list | string) %}
    {% endif %}
    {% set loads = [] %}
    {% for name in plan.get('changes_from', []) %}
        {% set source_state = run_query('select min(history_id), coalesce(max(load_number), 0) from ' ~ ref(name)).rows[0] %}
        {% do decides.append(source_state[0] | string) %}
        {% do loads.append(source_state[1]) %}
    {% endfor %}
    {% set files = tierwise.files_to_load(plan.files_of) if plan.files_of else {'file_keys': [], 'are_hashed': true} %}
    {% set definition = local_md5(decides | join('|')) %}
    {% set state = {
        'is_rebuild': true, 'load_number': 1, 'seen_loads': loads | join(','), 'history_id': definition ~ '.' ~ invocation_id,
    } %}
    {% if not is_incremental() or not files.are_hashed
        or 'history_id' not in adapter.get_columns_in_relation(this) | map(attribute='name') | list %}
        {% do return(state) %}
    {% endif %}
    {% set before = run_query(
        'select history_id, max(load_number), max_by(seen_loads, load_number) from ' ~ this ~ ' group by 1'
    ).rows %}
    {% if before | length != 1 or before[0][0].split('.')[0] != definition %}
        {% do return(state) %}
    {% endif %}
    {% if plan.files_of %}
        {% set loaded = run_query('select source_file_key from ' ~ this ~ ' group by 1').columns[0].values() | map('int') | list %}
        {% if loaded | reject('in', files.file_keys) | list %}
            {% do return(state) %}
        {% endif %}
        {% do state.update({'new_files': files.file_keys | reject('in', loaded) | list}) %}
    {% else %}
        {% set seen = before[0][2].split(',') %}
        {% set changed = [] %}
        {% for name in plan.changes_from %}
            {% do changed.append(
                'select ' ~ plan.key ~ ' from ' ~ ref(name) ~ ' where load_number > ' ~ seen[loop.index0] ~ ' and '
                ~ plan.key ~ ' is not null'
            ) %}
        {% endfor %}
        {% if plan.also_through %}
            {% do changed.append(
                'select ' ~ plan.key ~ ' from ' ~ ref(plan.also_through.model) ~ ' where ' ~ plan.also_through.by
                ~ ' in (select ' ~ plan.also_through.by ~ ' from ' ~ ref(plan.changes_from[0]) ~ ' where load_number > '
                ~ seen[0] ~ ') and ' ~ plan.key ~ ' is not null'
            ) %}
        {% endif %}
        {% do state.update({'changed_keys': changed | join(' union '), 'seen_before': seen}) %}
    {% endif %}
    {% do state.update({'is_rebuild': false, 'load_number': before[0][1] + 1, 'history_id': before[0][0]}) %}
    {% do return(state) %}
{% endmacro %}
