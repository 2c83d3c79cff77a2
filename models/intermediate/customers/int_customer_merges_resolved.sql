{# Each round doubles the steps that are followed, so six rounds follow chains of 64. #}
{% set rounds = 6 %}

with

customer_merges as (

    select * from {{ ref('customer_merges') }}

),

round_0 as (

    select
        {{ tierwise.composed_text('trim(customer_id)') }} as customer_id,
        {{ tierwise.composed_text('trim(surviving_customer_id)') }} as surviving_customer_id,
        reason as merge_reason
    from customer_merges

),

{% for number in range(1, rounds + 1) %}
round_{{ number }} as (

    select
        merged.customer_id,
        merged.merge_reason,
        coalesce(further.surviving_customer_id, merged.surviving_customer_id)
            as surviving_customer_id
    from round_{{ number - 1 }} as merged
    left join round_{{ number - 1 }} as further
        on merged.surviving_customer_id = further.customer_id

),

{% endfor %}
{# An id that still leads to a merged one leads back to itself: nobody survives in a circle. #}
final as (

    select
        round_{{ rounds }}.customer_id,
        round_{{ rounds }}.surviving_customer_id,
        round_{{ rounds }}.merge_reason,
        round_0.customer_id is not null as is_circular
    from round_{{ rounds }}
    left join round_0
        on round_{{ rounds }}.surviving_customer_id = round_0.customer_id

)

select * from final
