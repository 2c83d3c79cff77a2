"""Every order model and the spend model, fitted to both windows, one row per parameter."""


def model(dbt, session):
    from tierwise.clv.frames import fitted  # noqa: PLC0415 - the package is found when dbt runs it

    return fitted(
        dbt.ref("int_clv_cells_counted").df(),
        dbt.ref("int_clv_spend_counted").df(),
        dbt.config.meta_get("clv_time_unit"),
        dbt.config.meta_get("clv_min_repeat_customers"),
    )
