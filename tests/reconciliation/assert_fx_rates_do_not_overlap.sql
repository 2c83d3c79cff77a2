{#
    Two rates for one currency and day would join every order of that day twice, and its revenue with it. The spans end
    before valid_to, so one may begin on the day another ends; a span with a blank end overlaps all that begin later.
#}
with

fx_rates as (

    select * from {{ ref('fx_rates') }}

),

followed as (

    select
        currency_code,
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by currency_code
            order by valid_from asc, valid_to asc
        ) as next_valid_from
    from fx_rates

),

final as (

    select
        currency_code,
        valid_from,
        valid_to,
        next_valid_from
    from followed
    where
        next_valid_from is not null
        and (valid_to is null or valid_to > next_valid_from)

)

select * from final
