"""Natural breaks of everything that is cut by them, for each period, one row per cut point."""

import numpy as np
import pandas as pd


def model(dbt, session):
    max_values = dbt.config.meta_get("natural_breaks_max_values")
    values = dbt.ref("int_period_values_counted").filter("class_count is not null").df()
    values = values.sort_values(["period_end_date", "value_name", "counted_value"])
    rows = []
    for (period_end_date, name), group in values.groupby(["period_end_date", "value_name"]):
        # Here and not above: whoever cuts nothing by them needs no tierwise on the path.
        from tierwise.natural_breaks import natural_breaks  # noqa: PLC0415

        breaks = natural_breaks(
            group["counted_value"].to_numpy(np.float64),
            group["customer_count"].to_numpy(np.int64),
            int(group["class_count"].iloc[0]),
            max_values,
        )
        rows += [
            (period_end_date, name, number, cut, breaks.is_exact)
            for number, cut in enumerate(breaks.cut_points, start=1)
        ]
    columns = {
        "period_end_date": "datetime64[s]",
        "value_name": "str",
        "cut_number": "int32",
        "cut_value": "float64",
        "is_exact": "bool",
    }
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)
