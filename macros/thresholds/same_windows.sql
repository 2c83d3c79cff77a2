{#
    The windows of a tier's measures, each with the first of those as long as itself: what is the same is counted once. A
    window without a limit, that nothing ever leaves, is as long as any other of them.
#}
{% macro same_windows() %}
    {% set lengths = {
        'rfm': tierwise.setting('rfm_window_days'),
        'value': tierwise.setting('tier_value_window_days'),
        'abc': tierwise.setting('abc_window_days'),
    } %}
    {% set same = {} %}
    {% for window, days in lengths.items() %}
        {% do same.update({window: (lengths.items() | selectattr(1, 'equalto', days) | first)[0]}) %}
    {% endfor %}
    {% do return(same) %}
{% endmacro %}
