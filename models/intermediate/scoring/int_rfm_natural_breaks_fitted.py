"""Natural breaks of each dimension that is scored by them, one row per cut point."""

import numpy as np
import pandas as pd


def model(dbt, session):
    score_count = dbt.config.meta_get("rfm_score_count")
    max_values = dbt.config.meta_get("natural_breaks_max_values")
    values = dbt.ref("int_rfm_values_counted").df()
    values = values.sort_values(["as_of_date", "dimension", "dimension_value"])
    rows = []
    for (as_of_date, dimension), group in values.groupby(["as_of_date", "dimension"]):
        # Here and not above: whoever scores by quantiles or bands needs no tierwise on the path.
        from tierwise.natural_breaks import natural_breaks  # noqa: PLC0415

        breaks = natural_breaks(
            group["dimension_value"].to_numpy(np.float64),
            group["customer_count"].to_numpy(np.int64),
            score_count,
            max_values,
        )
        rows += [
            (as_of_date, dimension, number, cut, breaks.is_exact, breaks.goodness_of_variance_fit)
            for number, cut in enumerate(breaks.cut_points, start=1)
        ]
    columns = {
        "as_of_date": "datetime64[s]",
        "dimension": "str",
        "cut_number": "int32",
        "cut_value": "float64",
        "is_exact": "bool",
        "goodness_of_variance_fit": "float64",
    }
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)
