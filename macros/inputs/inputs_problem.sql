{# What is wrong with the shape of `inputs`, in words; an empty text where nothing is. Columns are checked later. #}
{% macro inputs_problem(inputs) %}
    {% set contract = tierwise.input_contract() %}
    {% if inputs is not mapping %}
        {% do return(tierwise.allowed_values({'type': 'inputs'})) %}
    {% endif %}
    {% set texts = {
        'path': '[^\x00-\x1f]{1,4000}', 'table': '[^\x00-\x1f"]{1,250}', 'schema': '[^\x00-\x1f"]{1,250}',
        'database': '[^\x00-\x1f"]{1,250}', 'model': '([A-Za-z_][A-Za-z0-9_]*[.])?[A-Za-z_][A-Za-z0-9_]{0,250}',
        'timestamp_format': '[^\x00-\x1f\x27]{1,60}', 'date_format': '[^\x00-\x1f\x27]{1,60}',
        'decimal_separator': '[.,]', 'thousands_separator': "[., _']", 'where': '(.|[\n\t]){1,2000}',
    } %}
    {% set csv_texts = {'delimiter': '[^\x00-\x08\x0a-\x1fA-Za-z0-9"]|whitespace', 'quote': '[^\x00-\x1f]?',
        'escape': '[^\x00-\x1f]?', 'encoding': '[A-Za-z0-9_-]{1,30}'} %}
    {% for table, entry in inputs.items() %}
        {% if table not in contract %}
            {% do return("tables named " ~ (contract | list | join(', ')) ~ "; there is no table '" ~ table ~ "'") %}
        {% endif %}
        {% set at = "for table '" ~ table ~ "' " %}
        {% if entry is not mapping %}
            {% do return(at ~ 'a mapping with path, table or model') %}
        {% endif %}
        {% set columns = entry.get('columns', {}) %}
        {% set csv = entry.get('csv', {}) %}
        {% if columns is not mapping or csv is not mapping %}
            {% do return(at ~ '`columns` and `csv` as mappings') %}
        {% endif %}
        {% for key, value in entry.items() if key not in ['columns', 'csv', 'timezone', 'allow_no_rows'] %}
            {% if key not in texts %}
                {% do return(at ~ 'the keys ' ~ (texts | list | join(', ')) ~ ", timezone, allow_no_rows, columns and csv; there is no '"
                    ~ key ~ "'") %}
            {% endif %}
            {% if value is not string or modules.re.fullmatch(texts[key], value) is none %}
                {% do return(at ~ '`' ~ key ~ '` as text that matches ' ~ texts[key]) %}
            {% endif %}
        {% endfor %}
        {% if entry.get('allow_no_rows', false) is not boolean %}
            {% do return(at ~ '`allow_no_rows` as true or false') %}
        {% endif %}
        {% if entry.get('timezone', 'UTC') not in modules.pytz.all_timezones %}
            {% do return(at ~ '`timezone` as ' ~ tierwise.allowed_values({'type': 'time zone'})) %}
        {% endif %}
        {% if ['path', 'table', 'model'] | select('in', entry) | list | length > 1 %}
            {% do return(at ~ 'one of path, table and model, not several') %}
        {% endif %}
        {% if entry.get('decimal_separator', '.') == entry.get('thousands_separator') %}
            {% do return(at ~ '`thousands_separator` other than `decimal_separator`') %}
        {% endif %}
        {% for column, expression in columns.items() %}
            {% if column not in contract[table].columns %}
                {% do return(at ~ 'the columns ' ~ (contract[table].columns | list | join(', ')) ~ "; there is no '"
                    ~ column ~ "'") %}
            {% endif %}
            {% if expression is not string or not 0 < expression | length <= 2000 %}
                {% do return(at ~ "a column name or an SQL expression as text for '" ~ column ~ "'") %}
            {% endif %}
        {% endfor %}
        {% for key, value in csv.items() %}
            {% if key in csv_texts %}
                {% set fits = value is string and modules.re.fullmatch(csv_texts[key], value) is not none %}
            {% elif key == 'header' %}
                {% set fits = value is boolean %}
            {% elif key == 'skip_lines' %}
                {% set fits = value is integer and value is not boolean and 0 <= value <= 1000 %}
            {% elif key == 'column_names' %}
                {% set fits = value is sequence and value is not string and value is not mapping and value
                    and value | select('string') | list | length == value | length %}
            {% else %}
                {% do return(at ~ 'the csv keys ' ~ (csv_texts | list | join(', '))
                    ~ ", header, skip_lines and column_names; there is no '" ~ key ~ "'") %}
            {% endif %}
            {% if not fits %}
                {% do return(at ~ "another value of csv key '" ~ key ~ "' (see docs/your-own-orders.md)") %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% do return('') %}
{% endmacro %}
