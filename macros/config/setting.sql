{#
    The only way to a setting's value. Vars become SQL text, so a value that is not what the contract says must never
    get that far: it is refused here, wherever it is used, and not only at the start of a run. dbt renders the text of a
    var as a template, which could run a query and still come to something allowed: such a value is not even looked at.
#}
{% macro setting(name) %}
    {% set rule = tierwise.settings_contract()[name] %}
    {% set given = (invocation_args_dict.get('vars') or {}).get(name) %}
    {% if given is string and modules.re.search('{[{%#]', given) is not none %}
        {{ exceptions.raise_compiler_error(
            "Setting '" ~ name ~ "' is " ~ tojson(given) ~ ". Allowed: " ~ tierwise.allowed_values(rule)
            ~ "; a template is not."
        ) }}
    {% endif %}
    {% set value = var(name) %}
    {% set problem = tierwise.setting_problem(rule, value) %}
    {% if problem %}
        {{ exceptions.raise_compiler_error(
            "Setting '" ~ name ~ "' is " ~ tojson(value, value | string) ~ ". Allowed: "
            ~ problem ~ ". Set it under vars in dbt_project.yml or in your settings file."
        ) }}
    {% endif %}
    {% if rule.type == 'date' and value is not none %}
        {% do return(value | string) %}
    {% endif %}
    {% do return(value) %}
{% endmacro %}
