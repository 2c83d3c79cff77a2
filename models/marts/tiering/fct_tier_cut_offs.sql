with

int_tier_cut_offs_computed as (

    select * from {{ ref('int_tier_cut_offs_computed') }}

),

final as (

    select
        period_end_date,
        policy_name,
        case policy_name
            {% for name in tierwise.setting('tier_policies') %}
            when '{{ name }}' then '{{ tierwise.policy_version(name) }}'
            {% endfor %}
        end as policy_version,
        tier_code,
        cast(tier_rank as integer) as tier_rank,
        cast(cut_off_value as double) as cut_off_value
    from int_tier_cut_offs_computed

)

select * from final
