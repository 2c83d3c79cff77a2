"""Expected repeat orders of a new customer by each day since the first order, per model."""


def model(dbt, session):
    from tierwise.clv.frames import growth_predicted  # noqa: PLC0415 - found when dbt runs it

    return growth_predicted(
        dbt.ref("int_clv_cells_counted").df(),
        dbt.ref("int_clv_models_fitted").df(),
        dbt.config.meta_get("clv_time_unit"),
    )
