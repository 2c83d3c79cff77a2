{#
    Several columns are a key together. Two nulls count as equal: a key that is only unique thanks to them is none. A view
    over a table whose key is tested may look at the latest rows alone: a join that doubles rows doubles those too. What is
    the latest may be read from another relation, where that is less work than the view.
#}
{% test unique_together(model, columns, latest=none, latest_in=none) %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
{% if latest is not none %}
where {{ latest }} = (select max({{ latest }}) from {{ latest_in or model }})
{% endif %}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
