"""How many customers keep their tier when customers are drawn anew, one row per policy."""


def model(dbt, session):
    from tierwise.resampling import policies_resampled  # noqa: PLC0415 - found when dbt runs it

    customers = dbt.ref("int_customers_measured").order("customer_id").to_arrow_table()
    return policies_resampled(customers, dbt.config.meta_get("settings"))
