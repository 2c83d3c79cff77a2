{#
    Inspected files as one relation, with the pseudo-columns of `pseudo_columns` beside the columns of the files. CSV is
    read as text with the dialect given and never guessed, each file by its own header, and put together by name: a
    column that moved between two files must not move its values. A file with lines that are no rows was read line by
    line before (python/tierwise): its rows wait in a table, the faulty ones among them.
#}
{% macro read_files(files, csv) %}
    {% do return(adapter.dispatch('read_files', 'tierwise')(files, csv)) %}
{% endmacro %}

{% macro default__read_files(files, csv) %}
    {{ exceptions.raise_compiler_error('Inputs by `path` are read on DuckDB only.') }}
{% endmacro %}

{% macro spark__read_files(files, csv) %}
    {% do return(tierwise.duckdb__read_files(files, csv)) %}
{% endmacro %}

{% macro duckdb__read_files(files, csv) %}
    {% set reads = [] %}
    {% set stored = {} %}
    {% for file in files %}
        {% set path = "'" ~ file.read_path.replace("'", "''") ~ "'" %}
        {% set about = "'" ~ file.label.replace("'", "''") ~ "' as _file, cast(" ~ file.key ~ ' as bigint) as _file_key' %}
        {% set sound = 'cast(null as string) as _row_code, cast(null as string) as _row_detail, '
            ~ 'cast(null as string) as _raw_line' %}
        {% set names = [] %}
        {% set fields = [] %}
        {% for column in file.columns %}
            {% do names.append("'" ~ column.replace("'", "''") ~ "': 'VARCHAR'") %}
            {% do fields.append('fields[' ~ loop.index ~ '] as ' ~ tierwise.default__quoted(column)) %}
        {% endfor %}
        {% if file.format == 'parquet' %}
            {% do reads.append(
                'select * exclude (file_row_number), ' ~ about
                ~ ', file_row_number + 1 as _row, file_row_number + 1 as _line, ' ~ sound
                ~ ' from read_parquet(' ~ path ~ ', file_row_number = true)'
            ) %}
        {% elif file.line_by_line %}
            {# Files alike in columns and dialect come out of the table in one go. #}
            {% set alike = stored.setdefault((fields | join, file.rows_dialect), {'fields': fields, 'keys': [], 'labels': []}) %}
            {% do alike['keys'].append(file.key | string) %}
            {% do alike.labels.append('when ' ~ file.key ~ ' then ' ~ tierwise.default__text_literal(file.label)) %}
        {% else %}
            {% set fixed = "all_varchar = true, auto_detect = false, encoding = '" ~ csv.encoding ~ "'" %}
            {% set numbered = about ~ ', row_number() over () as _row, row_number() over () + '
                ~ ((file.first_line or 2) - 1) ~ ' as _line, ' ~ sound %}
            {% if csv.delimiter == 'whitespace' %}
                {% do reads.append(
                    'select ' ~ fields | join(', ') ~ ', ' ~ numbered
                    ~ " from (select string_split_regex(trim(line, ' \t\r'), '[ \t]+') as fields from read_csv("
                    ~ path ~ ', ' ~ fixed ~ ', skip = ' ~ (csv.skip_lines + (1 if csv.header else 0))
                    ~ ", header = false, delim = '\x01', quote = '', escape = ''"
                    ~ ", columns = {'line': 'VARCHAR'}) where trim(line, ' \t\r') <> '')"
                ) %}
            {% else %}
                {% do reads.append(
                    'select *, ' ~ numbered ~ ' from read_csv(' ~ path ~ ', ' ~ fixed
                    ~ ', skip = ' ~ csv.skip_lines ~ ', header = ' ~ csv.header ~ ", delim = '"
                    ~ csv.delimiter.replace("'", "''") ~ "', quote = '" ~ csv.quote.replace("'", "''") ~ "', escape = '"
                    ~ csv.escape.replace("'", "''") ~ "', columns = {"
                    ~ names | join(', ') ~ '})'
                ) %}
            {% endif %}
        {% endif %}
    {% endfor %}
    {% for (_, dialect), alike in stored.items() %}
        {% do reads.append(
            'select ' ~ alike.fields | join(', ') ~ ', case file_key ' ~ alike.labels | join(' ')
            ~ ' end as _file, file_key as _file_key, row_in_file as _row, line_number as _line, row_code as _row_code, '
            ~ 'detail as _row_detail, raw_line as _raw_line from ' ~ tierwise.rows_table() ~ ' where dialect = '
            ~ tierwise.default__text_literal(dialect) ~ ' and file_key in (' ~ alike['keys'] | join(', ') ~ ')'
        ) %}
    {% endfor %}
    {% do return('(' ~ reads | join(' union all by name ') ~ ')') %}
{% endmacro %}
