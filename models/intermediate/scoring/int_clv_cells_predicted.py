"""What the selected model expects of the days to come, one row per cell."""


def model(dbt, session):
    from tierwise.clv.frames import cells_predicted  # noqa: PLC0415 - found when dbt runs it

    cells = dbt.ref("int_clv_cells_counted").filter("fit_window = 'full'")
    keys = "as_of_date, clv_group, repeat_day_count, last_repeat_days, customer_age_days"
    return cells_predicted(
        cells.order(keys).to_arrow_table(),
        dbt.ref("int_clv_models_fitted").df(),
        dbt.ref("int_clv_models_selected").df(),
        time_unit=dbt.config.meta_get("clv_time_unit"),
        horizon_days=dbt.config.meta_get("clv_horizon_days"),
        annual_discount_rate=dbt.config.meta_get("clv_annual_discount_rate"),
    )
