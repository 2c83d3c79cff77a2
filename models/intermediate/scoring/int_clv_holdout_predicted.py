"""What each model expected of the holdout, one row per model and calibration cell."""


def model(dbt, session):
    from tierwise.clv.frames import holdout_predicted  # noqa: PLC0415 - found when dbt runs it

    cells = dbt.ref("int_clv_cells_counted").filter("fit_window = 'calibration'")
    keys = "as_of_date, clv_group, repeat_day_count, last_repeat_days, customer_age_days"
    return holdout_predicted(
        cells.order(f"{keys}, holdout_day_count").to_arrow_table(),
        dbt.ref("int_clv_models_fitted").df(),
        dbt.config.meta_get("clv_time_unit"),
        dbt.config.meta_get("clv_holdout_days"),
    )
