{#
    Inspected files as one relation with a column _file, and _row where asked. CSV is read as text with the dialect
    given and never guessed, each group of files by its own header, and put together by name: a column that moved
    between two files must not move its values.
#}
{% macro read_files(files, csv, uses_row) %}
    {% do return(adapter.dispatch('read_files', 'tierwise')(files, csv, uses_row)) %}
{% endmacro %}

{% macro default__read_files(files, csv, uses_row) %}
    {{ exceptions.raise_compiler_error('Inputs by `path` are read on DuckDB only.') }}
{% endmacro %}

{% macro duckdb__read_files(files, csv, uses_row) %}
    {% set reads = [] %}
    {% for file in files %}
        {% set path = "'" ~ file.read_path.replace("'", "''") ~ "'" %}
        {% set label = "'" ~ file.label.replace("'", "''") ~ "' as _file" %}
        {% if file.format == 'parquet' %}
            {% set numbering = ', file_row_number + 1 as _row' if uses_row else '' %}
            {% do reads.append(
                'select *' ~ (' exclude (file_row_number)' if uses_row else '') ~ ', ' ~ label ~ numbering
                ~ ' from read_parquet(' ~ path ~ (', file_row_number = true' if uses_row else '') ~ ')'
            ) %}
        {% else %}
            {% set fixed = "all_varchar = true, auto_detect = false, encoding = '" ~ csv.encoding ~ "'" %}
            {% set numbering = ', row_number() over () as _row' if uses_row else '' %}
            {% set names = [] %}
            {% set fields = [] %}
            {% for column in file.columns %}
                {% do names.append("'" ~ column.replace("'", "''") ~ "': 'VARCHAR'") %}
                {% do fields.append('fields[' ~ loop.index ~ '] as ' ~ tierwise.quoted(column)) %}
            {% endfor %}
            {% if csv.delimiter == 'whitespace' %}
                {% do reads.append(
                    'select ' ~ fields | join(', ') ~ ', ' ~ label ~ numbering
                    ~ " from (select string_split_regex(trim(line, ' \t\r'), '[ \t]+') as fields from read_csv("
                    ~ path ~ ', ' ~ fixed ~ ', skip = ' ~ (csv.skip_lines + (1 if csv.header else 0))
                    ~ ", header = false, delim = '\x01', quote = '', escape = ''"
                    ~ ", columns = {'line': 'VARCHAR'}) where trim(line, ' \t\r') <> '')"
                ) %}
            {% else %}
                {% do reads.append(
                    'select *, ' ~ label ~ numbering ~ ' from read_csv(' ~ path ~ ', ' ~ fixed
                    ~ ', skip = ' ~ csv.skip_lines ~ ', header = ' ~ csv.header ~ ", delim = '"
                    ~ csv.delimiter.replace("'", "''") ~ "', quote = '" ~ csv.quote.replace("'", "''") ~ "', escape = '"
                    ~ csv.escape.replace("'", "''") ~ "', columns = {"
                    ~ names | join(', ') ~ '})'
                ) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% do return('(' ~ reads | join(' union all by name ') ~ ')') %}
{% endmacro %}
