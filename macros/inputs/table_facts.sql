{#
    What is true of all readable orders at once: whether any has a status, and their only currency (the base currency where
    none is named, null where several are).
#}
{% macro table_facts() %}
    {% set is_readable = "format_codes = '' and not is_deleted" %}
    {% set currency = 'case when ' ~ is_readable ~ ' then upper(currency_code) end' %}
    {% do return(
        'count(case when ' ~ is_readable ~ ' then status end) > 0 as has_statuses, case when count(' ~ currency
        ~ ") = 0 then '" ~ tierwise.setting('base_currency') ~ "' when min(" ~ currency ~ ') = max(' ~ currency ~ ') then min('
        ~ currency ~ ') end as only_currency_code'
    ) %}
{% endmacro %}
