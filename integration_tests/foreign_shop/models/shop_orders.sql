{# Typed as this shop likes it; tierwise takes the columns as they are. #}
select
    cast(number as integer) as number,
    client,
    cast(created as timestamp) as created,
    cast(total as decimal(9, 2)) as total,
    cast(shipping as decimal(9, 2)) as shipping,
    coin,
    state
from {{ ref('raw_orders') }}
