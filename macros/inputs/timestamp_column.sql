{#
    A point in time as a UTC timestamp. A source time without offset is read in the input's `timezone`. Text must be
    ISO 8601 in full, or match the input's `timestamp_format` in full.
#}
{% macro timestamp_column(input, column) %}
    {% set type = input.types[column] | upper %}
    {% set zone = input.entry.get('timezone', 'UTC') %}
    {% if type in ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ'] %}
        {% do return('case when ' ~ tierwise.is_finite(column, type) ~ ' then ' ~ tierwise.instant_to_utc(column) ~ ' end') %}
    {% elif type.startswith('TIMESTAMP') or type == 'DATE' %}
        {% set finite = 'case when ' ~ tierwise.is_finite(column, type) ~ ' then cast(' ~ column ~ ' as timestamp) end' %}
        {% do return(tierwise.local_to_utc(finite, zone)) %}
    {% endif %}
    {% set text = 'trim(cast(' ~ column ~ ' as string))' %}
    {% if input.entry.timestamp_format %}
        {% do return(
            'case when ' ~ tierwise.full_match(text, tierwise.time_shape(input.entry.timestamp_format)) ~ ' then '
            ~ tierwise.local_to_utc(tierwise.try_parse_timestamp(text, input.entry.timestamp_format), zone) ~ ' end'
        ) %}
    {% endif %}
    {% set day = '[0-9]{4}-[0-9]{2}-[0-9]{2}' %}
    {% set time = '[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?' %}
    {% set offset = ' ?(Z|[+-][0-9]{2}(:[0-9]{2})?)' %}
    {% do return(
        'case when ' ~ tierwise.full_match(text, day ~ '(' ~ time ~ ')?') ~ ' then '
        ~ tierwise.local_to_utc('try_cast(' ~ text ~ ' as timestamp)', zone)
        ~ ' when ' ~ tierwise.full_match(text, day ~ time ~ offset) ~ ' then '
        ~ tierwise.instant_to_utc(tierwise.text_to_instant(text)) ~ ' end'
    ) %}
{% endmacro %}
