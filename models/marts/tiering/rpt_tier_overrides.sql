with

int_tier_overrides_checked as (

    select * from {{ ref('int_tier_overrides_checked') }}

),

final as (

    select
        override_number,
        customer_id,
        policy_name,
        tier_code,
        valid_from,
        valid_to,
        override_reason,
        approved_by,
        override_status
    from int_tier_overrides_checked

)

select * from final
