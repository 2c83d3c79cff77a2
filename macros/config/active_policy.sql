{# The policy of the setting active_tier_policy, which must be one of those in tier_policies. #}
{% macro active_policy() %}
    {% set name = tierwise.setting('active_tier_policy') %}
    {% set policies = tierwise.setting('tier_policies') %}
    {% if name not in policies %}
        {{ exceptions.raise_compiler_error(
            "Setting 'active_tier_policy' is '" ~ name ~ "'. Allowed: " ~ (policies | list | join(', ')) ~ "."
        ) }}
    {% endif %}
    {% do return(policies[name]) %}
{% endmacro %}
