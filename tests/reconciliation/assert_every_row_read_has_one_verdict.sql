{#
    A row that is neither counted nor reported is lost without a word. Per table and file: read = accepted + collapsed +
    superseded + quarantined, without tolerance, and every quarantined row is listed.
#}
with

rpt_input_reconciliation as (

    select * from {{ ref('rpt_input_reconciliation') }}

),

fct_quarantined_rows as (

    select * from {{ ref('fct_quarantined_rows') }}

),

listed as (

    select
        source_table,
        source_file,
        count(*) as listed_count
    from fct_quarantined_rows
    group by 1, 2

),

final as (

    select
        rpt_input_reconciliation.read_count,
        rpt_input_reconciliation.accepted_count,
        rpt_input_reconciliation.collapsed_count,
        rpt_input_reconciliation.superseded_count,
        rpt_input_reconciliation.quarantined_count,
        listed.listed_count,
        coalesce(rpt_input_reconciliation.source_table, listed.source_table) as source_table,
        coalesce(rpt_input_reconciliation.source_file, listed.source_file) as source_file
    from rpt_input_reconciliation
    full outer join listed
        on
            rpt_input_reconciliation.source_table = listed.source_table
            and rpt_input_reconciliation.source_file = listed.source_file
    where
        rpt_input_reconciliation.read_count is distinct from (
            rpt_input_reconciliation.accepted_count
            + rpt_input_reconciliation.collapsed_count
            + rpt_input_reconciliation.superseded_count
            + rpt_input_reconciliation.quarantined_count
        )
        or rpt_input_reconciliation.quarantined_count <> coalesce(listed.listed_count, 0)

)

select * from final
