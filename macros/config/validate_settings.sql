{# Runs on-run-start: refuses a setting that is wrong, or two that contradict each other, before the first model. #}
{% macro validate_settings() %}
    {% if not execute %}
        {% do return('') %}
    {% endif %}
    {% set contract = tierwise.settings_contract() %}
    {% if project_name == 'tierwise' %}
        {% for name in invocation_args_dict.get('vars', {}) %}
            {% if name not in contract %}
                {{ exceptions.raise_compiler_error(
                    "There is no setting '" ~ name ~ "'. The settings are: " ~ (contract | list | sort | join(', ')) ~ "."
                ) }}
            {% endif %}
        {% endfor %}
    {% endif %}
    {% for name in contract %}
        {% do tierwise.setting(name) %}
    {% endfor %}
    {% for dimension in ['recency', 'frequency', 'monetary'] %}
        {% set bands = tierwise.setting('rfm_' ~ dimension ~ '_bands') %}
        {% if tierwise.setting('rfm_' ~ dimension ~ '_method') == 'bands'
            and bands | length != tierwise.setting('rfm_score_count') - 1 %}
            {{ exceptions.raise_compiler_error(
                "Setting 'rfm_" ~ dimension ~ "_bands' has " ~ (bands | length) ~ " cut points. Allowed: "
                ~ (tierwise.setting('rfm_score_count') - 1) ~ ", one fewer than rfm_score_count."
            ) }}
        {% endif %}
    {% endfor %}
    {% if tierwise.setting('abc_a_share') > tierwise.setting('abc_b_share') %}
        {{ exceptions.raise_compiler_error(
            "Setting 'abc_a_share' is " ~ tierwise.setting('abc_a_share') ~ ". Allowed: at most abc_b_share, "
            ~ tierwise.setting('abc_b_share') ~ "."
        ) }}
    {% endif %}
    {% do tierwise.active_policy() %}
    {% do return('') %}
{% endmacro %}
