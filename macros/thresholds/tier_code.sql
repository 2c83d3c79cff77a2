{# The code of the first tier whose inclusive lower bound a metric reaches; null where there is no metric. #}
{% macro tier_code(policy_name, metric) %}
    {% set whens = [] %}
    {% for tier in tierwise.setting('tier_policies')[policy_name].tiers %}
        {% do whens.append('when ' ~ metric ~ ' >= ' ~ tier.from ~ " then '" ~ tier.code ~ "'") %}
    {% endfor %}
    {% do return('case ' ~ whens | join(' ') ~ ' end') %}
{% endmacro %}
