"""What each model expected of the holdout, one row per model and calibration cell."""


def model(dbt, session):
    from tierwise.clv.frames import holdout_predicted  # noqa: PLC0415 - found when dbt runs it

    return holdout_predicted(
        dbt.ref("int_clv_cells_counted").df(),
        dbt.ref("int_clv_models_fitted").df(),
        dbt.config.meta_get("clv_time_unit"),
        dbt.config.meta_get("clv_holdout_days"),
    )
