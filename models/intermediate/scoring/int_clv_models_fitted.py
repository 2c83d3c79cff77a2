"""Every order model and the spend model, fitted to both windows, one row per parameter."""


def model(dbt, session):
    from tierwise.clv.frames import fitted  # noqa: PLC0415 - the package is found when dbt runs it

    keys = "as_of_date, fit_window, clv_group, repeat_day_count"
    amount = "cast(repeat_net_amount as double) as repeat_net_amount"
    cells = dbt.ref("int_clv_cells_counted").order(f"{keys}, last_repeat_days, customer_age_days")
    spend = dbt.ref("int_clv_spend_counted").order(f"{keys}, repeat_net_amount")
    return fitted(
        cells.to_arrow_table(),
        spend.project(f"* replace ({amount})").to_arrow_table(),
        dbt.config.meta_get("clv_time_unit"),
        dbt.config.meta_get("clv_min_repeat_customers"),
    )
