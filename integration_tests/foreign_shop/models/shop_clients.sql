select distinct client
from {{ ref('raw_orders') }}
where client is not null
union all
select 'gil' as client
