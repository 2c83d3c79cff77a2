{# Text read with a strptime format; null where it does not match in full. #}
{% macro try_parse_timestamp(text, format) %}
    {% do return(adapter.dispatch('try_parse_timestamp', 'tierwise')(text, format)) %}
{% endmacro %}

{% macro default__try_parse_timestamp(text, format) %}
    {% do return('cast(try_strptime(' ~ text ~ ", '" ~ format ~ "') as timestamp)") %}
{% endmacro %}

{# The directives of strptime in the letters of Java. #}
{% macro spark__try_parse_timestamp(text, format) %}
    {% set letters = {'Y': 'yyyy', 'y': 'yy', 'm': 'MM', 'd': 'dd', 'H': 'HH', 'I': 'hh', 'M': 'mm', 'S': 'ss',
        'f': 'SSSSSS', 'j': 'DDD', 'p': 'a', 'b': 'MMM', 'B': 'MMMM', 'a': 'EEE', 'A': 'EEEE', 'z': 'Z', '%': '%'} %}
    {% set pattern = [] %}
    {% for directive, other in modules.re.findall('%-?([A-Za-z%])|(.)', format) %}
        {% if directive and directive not in letters %}
            {{ exceptions.raise_compiler_error('%' ~ directive ~ ' cannot be read on Spark; these can: %'
                ~ (letters | list | join(' %'))) }}
        {% endif %}
        {% do pattern.append(letters[directive] if directive else "''" ~ other ~ "''" if other.isalpha() else other) %}
    {% endfor %}
    {% do return('cast(try_to_timestamp(' ~ text ~ ", '" ~ pattern | join ~ "') as timestamp)") %}
{% endmacro %}
