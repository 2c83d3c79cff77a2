{# Every row keeps a rule between its columns. Unknown is not true: a null in the expression fails. #}
{% test is_true(model, expression) %}

select *
from {{ model }}
where ({{ expression }}) is not true

{% endtest %}
