"""Expected repeat orders of a new customer by each day since the first order, per model."""


def model(dbt, session):
    from tierwise.clv.frames import growth_predicted  # noqa: PLC0415 - found when dbt runs it

    oldest = "as_of_date, max(customer_age_days) as customer_age_days"
    return growth_predicted(
        dbt.ref("int_clv_cells_counted").aggregate(oldest).df(),
        dbt.ref("int_clv_models_fitted").df(),
        dbt.config.meta_get("clv_time_unit"),
    )
