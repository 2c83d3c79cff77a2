{#
    The business day from which an order is known: its order date, or where the setting history_basis is known_date the day
    of the first version that came, if that is later.
#}
{% macro known_from_date(first_updated_at) %}
    {% if tierwise.setting('history_basis') == 'order_date' %}
        {% do return('order_date') %}
    {% endif %}
    {% set local_time = tierwise.utc_to_local(first_updated_at, tierwise.setting('business_timezone')) %}
    {% do return('greatest(order_date, coalesce(cast(' ~ local_time ~ ' as date), order_date))') %}
{% endmacro %}
