{#
    An entry of `columns`, checked and turned into SQL, with the columns an expression was made of. A column name
    stands for itself. Anything else is an expression of a small language: columns, literals, arithmetic, comparison,
    case, and functions that read nothing but their arguments. It is read word by word, and every word must be known,
    so a value cannot smuggle in a statement; commas and `as` stand only inside functions, so it stays one value.
    Files hold text: a column beside + - * / or inside number(...) is read as an exact decimal.
#}
{% macro map_expression(table, entry, column, expression, columns) %}
    {% set where = "Input '" ~ table ~ "', column '" ~ column ~ "': " %}
    {% set found = " Columns found: " ~ (columns.values() | map(attribute='name') | join(', ')) ~ "." %}
    {% if expression | trim | lower in columns %}
        {% do return({'sql': columns[expression | trim | lower].sql, 'operands': []}) %}
    {% endif %}
    {% set keywords = ['case', 'when', 'then', 'else', 'end', 'and', 'or', 'not', 'in', 'is', 'null', 'between', 'like',
        'true', 'false', 'as', 'integer', 'bigint', 'varchar', 'date', 'timestamp', 'double', 'decimal', 'boolean'] %}
    {% set functions = ['abs', 'cast', 'try_cast', 'ceil', 'coalesce', 'concat', 'concat_ws', 'contains', 'date_trunc',
        'decimal', 'ends_with', 'floor', 'greatest', 'if', 'json_object', 'least', 'left', 'length', 'lower', 'ltrim',
        'make_date', 'make_timestamp', 'md5', 'nullif', 'number', 'regexp_extract', 'regexp_matches', 'regexp_replace',
        'replace', 'right', 'round', 'rtrim', 'split_part', 'starts_with', 'strptime', 'substr', 'substring', 'trim',
        'try_strptime', 'upper'] %}
    {% set pattern = '\\s+|\'(?:[^\']|\'\')*\'|"(?:[^"]|"")+"|[0-9]+(?:\\.[0-9]+)?|[^\\W\\d]\\w*|\\|\\||<>|!=|<=|>='
        ~ '|[-+*/%(),=<>]|.' %}
    {% set tokens = [] %}
    {% for token in modules.re.findall(pattern, expression) if token | trim %}
        {% do tokens.append(token) %}
    {% endfor %}
    {% set sql = [] %}
    {% set operands = [] %}
    {% set open_words = [] %}
    {% for token in tokens %}
        {% set before = tokens[loop.index0 - 1] if not loop.first else '' %}
        {% set after = tokens[loop.index] if not loop.last else '' %}
        {% set word = token | lower %}
        {% set name = token[1:-1].replace('""', '"') | lower if token[0] == '"' else word %}
        {% set is_number = before in ['+', '-', '*', '/', '%'] or after in ['+', '-', '*', '/', '%']
            or (before == '(' and after == ')' and loop.index0 > 1 and tokens[loop.index0 - 2] | lower == 'number') %}
        {% if (token in ['-', '/'] and before == token) or (token == '*' and before == '/') %}
            {{ exceptions.raise_compiler_error(where ~ "comments are not allowed in an expression.") }}
        {% elif (token == ',' and (open_words | last) not in functions + ['in'])
            or (word == 'as' and (open_words | last) not in ['cast', 'try_cast']) %}
            {{ exceptions.raise_compiler_error(where ~ "an expression is one value; '" ~ token ~ "' makes it several.") }}
        {% elif token == '*' and before in ['', '(', ','] %}
            {{ exceptions.raise_compiler_error(where ~ "'*' stands for no single column." ~ found) }}
        {% elif word == 'number' and after == '(' %}
            {# Reading as a number happens at the column inside. #}
        {% elif after == '(' and word in functions %}
            {% do sql.append(word) %}
        {% elif name in columns and after != '(' %}
            {% set known = columns[name] %}
            {% do operands.append(known.sql) if known.sql not in operands %}
            {% do sql.append(tierwise.number_from(known.sql, known.type, entry) if is_number else known.sql) %}
        {% elif word in keywords and (after != '(' or word in ['in', 'and', 'or', 'not', 'when', 'then', 'else', 'case']) %}
            {% do sql.append(word) %}
        {% elif modules.re.fullmatch('\'.*\'|[0-9.]+|\\|\\||<>|!=|<=|>=|[-+*/%(),=<>]', token, modules.re.DOTALL) %}
            {% do sql.append(token) %}
        {% elif after == '(' %}
            {{ exceptions.raise_compiler_error(
                where ~ "there is no function '" ~ token ~ "'. Functions: " ~ (functions | join(', ')) ~ "."
            ) }}
        {% elif modules.re.fullmatch('[^\\W\\d]\\w*|".+"', token) %}
            {{ exceptions.raise_compiler_error(where ~ "there is no column '" ~ token ~ "'." ~ found) }}
        {% else %}
            {{ exceptions.raise_compiler_error(where ~ "'" ~ token ~ "' is not allowed in an expression.") }}
        {% endif %}
        {% if token == '(' %}
            {% do open_words.append(before | lower) %}
        {% elif token == ')' and not open_words %}
            {{ exceptions.raise_compiler_error(where ~ "the parentheses do not match.") }}
        {% elif token == ')' %}
            {% do open_words.pop() %}
        {% endif %}
    {% endfor %}
    {% if open_words %}
        {{ exceptions.raise_compiler_error(where ~ "the parentheses do not match.") }}
    {% endif %}
    {% do return({'sql': '(' ~ sql | join(' ') ~ ')', 'operands': operands, 'is_expression': true}) %}
{% endmacro %}
