with

tier_overrides as (

    select * from {{ ref('tier_overrides') }}

),

int_tiers_configured as (

    select * from {{ ref('int_tiers_configured') }}

),

int_customers_unioned as (

    select * from {{ ref('int_customers_unioned') }}

),

int_customer_merges_resolved as (

    select * from {{ ref('int_customer_merges_resolved') }}

),

util_as_of_dates as (

    select * from {{ ref('util_as_of_dates') }}

),

written as (

    select
        {{ tierwise.composed_text('trim(customer_id)') }} as customer_id,
        coalesce(
            nullif(trim(policy_name), ''), '{{ tierwise.setting('active_tier_policy') }}'
        ) as policy_name,
        trim(tier_code) as tier_code,
        valid_from,
        valid_to,
        nullif(trim(reason), '') as override_reason,
        nullif(trim(approved_by), '') as approved_by,
        row_number() over (
            order by
                customer_id asc, policy_name asc, valid_from asc, valid_to asc, tier_code asc,
                reason asc, approved_by asc
        ) as override_number
    from tier_overrides

),

{# An override follows its customer into the id that a merge left. #}
named as (

    select
        written.override_number,
        written.policy_name,
        written.tier_code,
        written.valid_from,
        written.valid_to,
        written.override_reason,
        written.approved_by,
        coalesce(
            int_customer_merges_resolved.surviving_customer_id, written.customer_id
        ) as customer_id
    from written
    left join int_customer_merges_resolved
        on written.customer_id = int_customer_merges_resolved.customer_id

),

{# Of two that hold on the same day neither counts: nobody can say which was meant. #}
clashing as (

    select named.override_number
    from named
    inner join named as other
        on
            named.customer_id = other.customer_id
            and named.policy_name = other.policy_name
            and named.override_number <> other.override_number
            and named.valid_from < coalesce(other.valid_to, date '9999-12-31')
            and other.valid_from < coalesce(named.valid_to, date '9999-12-31')
    group by 1

),

final as (

    select
        cast(named.override_number as integer) as override_number,
        named.customer_id,
        named.policy_name,
        named.tier_code,
        cast(int_tiers_configured.tier_rank as integer) as tier_rank,
        named.valid_from,
        named.valid_to,
        named.override_reason,
        named.approved_by,
        case
            when
                named.valid_from is null
                or named.override_reason is null
                or named.approved_by is null
                then 'incomplete'
            when named.valid_to <= named.valid_from then 'ends_before_it_begins'
            when int_customers_unioned.customer_id is null then 'unknown_customer'
            when int_tiers_configured.tier_code is null then 'unknown_tier'
            when clashing.override_number is not null then 'overlapping'
            when int_customers_unioned.is_opted_out_of_profiling then 'opted_out'
            when named.valid_from > util_as_of_dates.as_of_date then 'upcoming'
            when named.valid_to <= util_as_of_dates.as_of_date then 'expired'
            else 'in_force'
        end as override_status
    from named
    left join util_as_of_dates
        on true
    left join clashing
        on named.override_number = clashing.override_number
    left join int_customers_unioned
        on named.customer_id = int_customers_unioned.customer_id
    left join int_tiers_configured
        on
            named.policy_name = int_tiers_configured.policy_name
            and named.tier_code = int_tiers_configured.tier_code

)

select * from final
