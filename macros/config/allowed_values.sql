{# The contract of a setting in words, for error messages. #}
{% macro allowed_values(rule) %}
    {% set words = {
        'integer': 'a whole number from ' ~ rule.min ~ ' to ' ~ rule.max,
        'number': 'a number from ' ~ rule.min ~ ' to ' ~ rule.max,
        'boolean': 'true or false',
        'choice': 'one of ' ~ (rule.of | default([], true) | join(', ')),
        'date': 'a calendar date written YYYY-MM-DD',
        'currency': 'three capital letters, an ISO 4217 currency code such as USD',
        'name': 'lower-case letters, digits and underscores',
        'time zone': 'the IANA name of a time zone such as Asia/Shanghai',
        'ascending numbers': 'a list of numbers, each above the one before it',
        'weights': 'one number from 0 to 1000 for each of ' ~ (rule.of | default([], true) | join(', '))
            ~ ', not all 0',
        'inputs': 'a mapping of table names to where each table is read from',
        'tier policies': 'a mapping of policy names to metric, method and tiers',
    } %}
    {% do return(words[rule.type] ~ (', or null' if rule.nullable else '')) %}
{% endmacro %}
