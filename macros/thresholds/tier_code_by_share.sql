{#
    The code of the first tier whose top_share is above the share of customers before the block: whoever stands exactly on
    a line is below it. Compared as counts, so that no division decides a border case.
#}
{% macro tier_code_by_share(policy_name, customers_before, customer_count) %}
    {% set whens = [] %}
    {% for tier in tierwise.setting('tier_policies')[policy_name].tiers %}
        {% do whens.append(
            'when ' ~ customers_before ~ ' < cast(' ~ customer_count ~ ' as decimal(20, 0)) * cast(' ~ tier.top_share
            ~ " as decimal(16, 15)) then '" ~ tier.code ~ "'"
        ) %}
    {% endfor %}
    {% do return('case ' ~ whens | join(' ') ~ ' end') %}
{% endmacro %}
