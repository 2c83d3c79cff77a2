{#
    Several columns are a key together. Two nulls count as equal: a key that is only unique thanks to them is none. A view
    over a table whose key is tested may look at the latest rows alone: a join that doubles rows doubles those too.
#}
{% test unique_together(model, columns, latest=none) %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
{% if latest is not none %}
where {{ latest }} = (select max({{ latest }}) from {{ model }})
{% endif %}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
