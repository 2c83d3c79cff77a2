{#
    The column adds up to a value in each group. Where nothing was earned there is nothing to share, so a group whose
    values are all 0 may pass; one whose values are all null never does.
#}
{% test sums_to(model, column_name, value, group_by, tolerance=0, or_all_zero=false) %}

select
    {{ group_by | join(', ') }},
    sum({{ column_name }}) as column_sum
from {{ model }}
group by {{ group_by | join(', ') }}
having
    coalesce(abs(sum({{ column_name }}) - {{ value }}) > {{ tolerance }}, true)
    {% if or_all_zero %}
    and (count({{ column_name }}) < count(*) or max(abs({{ column_name }})) > 0)
    {% endif %}

{% endtest %}
