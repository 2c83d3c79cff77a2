"""What the dbt models of customer lifetime value hand to the numerics, and get back: tables.

One row of a frame of cells is a group of customers with the same history, with their number. Days
are turned into the time unit of the fit here and nowhere else. So that the result does not depend
on the order in which rows are read, ``fitted`` sorts them, and predictions expect them sorted.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from tierwise.clv.cells import Cells
from tierwise.clv.fitting import Fit, fit_gamma_gamma, fit_orders
from tierwise.clv.intervals import Intervals, Outlook
from tierwise.clv.order_models import ORDER_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tierwise.clv.cells import Floats, Integers

DAYS_PER_UNIT = {"days": 1.0, "weeks": 7.0}
DAYS_PER_YEAR = 365.25
SPEND_MODEL = "gamma_gamma"

# Parameters that are times, or amounts of money, by their name; the others are pure numbers.
_UNIT_IS_TIME = {"alpha", "beta"}
_UNIT_IS_MONEY = {"gamma"}

_GROUP = ["as_of_date", "clv_group"]
_WINDOW = ["as_of_date", "fit_window", "clv_group"]
_CELL = ["repeat_day_count", "last_repeat_days", "customer_age_days"]

_FITTED = {
    "as_of_date": "datetime64[s]",
    "fit_window": "str",
    "clv_group": "str",
    "model_name": "str",
    "parameter_rank": "int32",
    "parameter_name": "str",
    "parameter_value": "float64",
    "standard_error": "float64",
    "parameter_unit": "str",
    "log_covariances": "str",
    "log_likelihood": "float64",
    "customer_count": "int64",
    "cell_count": "int64",
    "iteration_count": "int32",
    "is_converged": "bool",
    "gradient_norm": "float64",
    "failure_reason": "str",
    "spend_frequency_correlation": "float64",
}
_CELL_TYPES = dict.fromkeys(_CELL, "int64")
_HOLDOUT = {
    "as_of_date": "datetime64[s]",
    "clv_group": "str",
    "model_name": "str",
    **_CELL_TYPES,
    "holdout_day_count": "int64",
    "customer_count": "int64",
    "probability_of_order": "float64",
    "expected_orders": "float64",
    "orders_lower": "int64",
    "orders_upper": "int64",
    "cdf_below": "float64",
    "cdf_at": "float64",
    "spend_lower_factor": "float64",
    "spend_upper_factor": "float64",
}
_PREDICTED = {
    "as_of_date": "datetime64[s]",
    "clv_group": "str",
    **_CELL_TYPES,
    "probability_alive": "float64",
    "probability_of_order": "float64",
    "expected_orders": "float64",
    "discounted_expected_orders": "float64",
    "orders_lower": "int64",
    "orders_upper": "int64",
    "spend_lower_factor": "float64",
    "spend_upper_factor": "float64",
}
_GROWTH = {
    "as_of_date": "datetime64[s]",
    "clv_group": "str",
    "model_name": "str",
    "customer_age_days": "int64",
    "expected_orders": "float64",
}


def fitted(cells: pa.Table, spend: pa.Table, time_unit: str, min_repeat_customers: int) -> pa.Table:
    """Fit every order model, and the spend model, to both windows of every group.

    Parameters
    ----------
    cells : as_of_date, fit_window, clv_group, repeat_day_count, last_repeat_days,
        customer_age_days, customer_count; sorted by all but the last.
    spend : as_of_date, fit_window, clv_group, repeat_day_count, repeat_net_amount (the sum over
        the repeat days, base currency, a double), customer_count; sorted by all but the last.
    time_unit : days or weeks, the unit of the parameters.
    min_repeat_customers : a group with fewer customers who came back in the calibration window
        is not fitted at all.

    Returns
    -------
    One row per fit and parameter; a fit that did not converge has its last values and the reason.
    spend_frequency_correlation stands at the spend model only.
    """
    rows: list[tuple[object, ...]] = []
    windows = dict(iter(_groups(cells, _WINDOW)))
    thick = {
        (as_of_date, clv_group)
        for (as_of_date, fit_window, clv_group), group in windows.items()
        if fit_window == "calibration"
        and group["customer_count"][group["repeat_day_count"] > 0].sum()
        >= max(min_repeat_customers, 1)
    }
    for key, group in windows.items():
        if (key[0], key[2]) in thick:
            observed = _cells(group, time_unit)
            for model in ORDER_MODELS.values():
                rows += _parameter_rows(key, fit_orders(model, observed), time_unit, math.nan)
    for key, group in _groups(spend, _WINDOW):
        if (key[0], key[2]) in thick:
            frequency = group["repeat_day_count"].to_numpy(np.int64)
            mean = group["repeat_net_amount"].to_numpy(np.float64) / frequency
            count = group["customer_count"].to_numpy(np.int64)
            fit = fit_gamma_gamma(frequency, mean, count)
            correlation = _correlation(frequency, mean, count)
            rows += _parameter_rows(key, fit, time_unit, correlation)
    return _frame(rows, _FITTED)


def holdout_predicted(
    cells: pa.Table, parameters: pd.DataFrame, time_unit: str, holdout_days: int
) -> pa.Table:
    """Predict the holdout of every calibration cell by every model that converged.

    Parameters
    ----------
    cells : as for ``fitted``, of the calibration window only, sorted by their keys, with
        holdout_day_count, the orders there really were.
    parameters : what ``fitted`` returned.
    time_unit : that of the parameters.
    holdout_days : length of the holdout in days.

    Returns
    -------
    One row per model and cell. cdf_below and cdf_at are the predicted probabilities of fewer orders
    than there were, and of at most as many. The spend factors are NaN without a spend model.
    """
    fits = _fits(parameters[parameters["fit_window"] == "calibration"])
    horizon = holdout_days / DAYS_PER_UNIT[time_unit]
    frames = []
    for key, group in _groups(cells):
        observed = _cells(group, time_unit)
        seen = group["holdout_day_count"].to_numpy(np.int64)
        for name, model in ORDER_MODELS.items():
            fit = fits.get((*key, name))
            if fit is None or not fit.converged:
                continue
            frame = group[[*_GROUP, *_CELL, "holdout_day_count", "customer_count"]].copy()
            frame["model_name"] = name
            frame["probability_of_order"] = model.probability_of_order(
                observed, fit.parameters, horizon
            )
            frame["expected_orders"] = model.conditional_expected_orders(
                observed, fit.parameters, horizon
            )
            outlook = Outlook(observed, horizon, fit, _spend_fit(fits, key))
            _add_intervals(frame, outlook.intervals())
            frame["cdf_below"], frame["cdf_at"] = outlook.order_cdf(seen)
            frames.append(frame)
    return _together(frames, _HOLDOUT)


def cells_predicted(  # noqa: PLR0913 - two frames, what to predict with them, and for how long
    cells: pa.Table,
    parameters: pd.DataFrame,
    selection: pd.DataFrame,
    *,
    time_unit: str,
    horizon_days: int,
    annual_discount_rate: float,
) -> pa.Table:
    """Predict the days after the as-of date for every cell, by the model selected for its group.

    Parameters
    ----------
    cells : as for ``fitted``, of the full window only, sorted by their keys.
    parameters : what ``fitted`` returned.
    selection : as_of_date, clv_group, model_name; a name that is no order model predicts nothing.
    time_unit : that of the parameters.
    horizon_days : how far ahead, in days.
    annual_discount_rate : a share; an order in a year counts 1 / (1 + rate).

    Returns
    -------
    One row per cell of a group with a model.
    """
    fits = _fits(parameters[parameters["fit_window"] == "full"])
    chosen = dict(
        zip(
            selection[_GROUP].itertuples(index=False, name=None),
            selection["model_name"],
            strict=True,
        )
    )
    unit = DAYS_PER_UNIT[time_unit]
    horizon = horizon_days / unit
    discount_rate = math.log1p(annual_discount_rate) / DAYS_PER_YEAR * unit
    frames = []
    for key, group in _groups(cells):
        model = ORDER_MODELS.get(chosen.get(key, ""))
        fit = fits.get((*key, model.name)) if model else None
        if model is None or fit is None:
            continue
        observed = _cells(group, time_unit)
        frame = group[[*_GROUP, *_CELL]].copy()
        frame["probability_alive"] = model.probability_alive(observed, fit.parameters)
        frame["probability_of_order"] = model.probability_of_order(
            observed, fit.parameters, horizon
        )
        frame["expected_orders"] = model.conditional_expected_orders(
            observed, fit.parameters, horizon
        )
        frame["discounted_expected_orders"] = model.discounted_expected_orders(
            observed, fit.parameters, horizon, discount_rate
        )
        outlook = Outlook(observed, horizon, fit, _spend_fit(fits, key))
        _add_intervals(frame, outlook.intervals())
        frames.append(frame)
    return _together(frames, _PREDICTED)


def growth_predicted(oldest: pd.DataFrame, parameters: pd.DataFrame, time_unit: str) -> pa.Table:
    """Predict how many repeat orders a new customer has placed by each day since the first one.

    Parameters
    ----------
    oldest : as_of_date, customer_age_days, the age of the oldest customer.
    parameters, time_unit : as for ``holdout_predicted``.

    Returns
    -------
    One row per calibration fit and day, from 0 to the age of the oldest customer.
    """
    fits = _fits(parameters[parameters["fit_window"] == "calibration"])
    days_known = dict(zip(oldest["as_of_date"], oldest["customer_age_days"], strict=True))
    frames = []
    for (as_of_date, clv_group, name), fit in sorted(fits.items()):
        if name not in ORDER_MODELS or not fit.converged:
            continue
        days = np.arange(int(days_known[as_of_date]) + 1)
        frames.append(
            pd.DataFrame(
                {
                    "as_of_date": as_of_date,
                    "clv_group": clv_group,
                    "model_name": name,
                    "customer_age_days": days,
                    "expected_orders": ORDER_MODELS[name].expected_orders_new(
                        days / DAYS_PER_UNIT[time_unit], fit.parameters
                    ),
                }
            )
        )
    return _together(frames, _GROWTH)


def _groups(
    cells: pa.Table, keys: list[str] | None = None
) -> Iterable[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Each group's key and cells, in their order."""
    frame: pd.DataFrame = cells.to_pandas(date_as_object=False, strings_to_categorical=True)
    return frame.groupby(keys or _GROUP, observed=True)


def _cells(group: pd.DataFrame, time_unit: str) -> Cells:
    unit = DAYS_PER_UNIT[time_unit]
    return Cells(
        group["repeat_day_count"].to_numpy(np.int64),
        group["last_repeat_days"].to_numpy(np.float64) / unit,
        group["customer_age_days"].to_numpy(np.float64) / unit,
        group["customer_count"].to_numpy(np.int64),
    )


def _parameter_rows(
    key: tuple[object, ...], fit: Fit, time_unit: str, spend_frequency_correlation: float
) -> Iterable[tuple[object, ...]]:
    for rank, name in enumerate(fit.parameter_names):
        unit = "1"
        if name in _UNIT_IS_TIME:
            unit = time_unit
        elif name in _UNIT_IS_MONEY:
            unit = "base currency"
        yield (
            *key,
            fit.model,
            rank + 1,
            name,
            float(fit.parameters[rank]),
            float(fit.standard_errors[rank]),
            unit,
            json.dumps([float(value) for value in fit.log_covariance[rank]]),
            fit.log_likelihood,
            fit.customers,
            fit.cells,
            fit.iterations,
            fit.converged,
            fit.gradient_norm,
            fit.reason,
            spend_frequency_correlation,
        )


def _correlation(x: Integers, y: Floats, count: Integers) -> float:
    """Pearson's correlation, each pair as often as its count; NaN where either never varies."""
    customers = count.sum()
    from_mean_x = x - (x * count).sum() / customers
    from_mean_y = y - (y * count).sum() / customers
    spread = (from_mean_x**2 * count).sum() * (from_mean_y**2 * count).sum()
    if spread <= 0:
        return math.nan
    return float((from_mean_x * from_mean_y * count).sum() / math.sqrt(spread))


def _fits(parameters: pd.DataFrame) -> dict[tuple[Any, ...], Fit]:
    """Fits by (as_of_date, clv_group, model_name), from their rows."""
    fits: dict[tuple[Any, ...], Fit] = {}
    keys = [*_GROUP, "model_name"]
    for key, group in parameters.sort_values([*keys, "parameter_rank"]).groupby(keys):
        first = group.iloc[0]
        fits[key] = Fit(
            model=first["model_name"],
            parameter_names=tuple(group["parameter_name"]),
            parameters=group["parameter_value"].to_numpy(np.float64),
            standard_errors=group["standard_error"].to_numpy(np.float64),
            log_covariance=np.array([json.loads(row) for row in group["log_covariances"]]),
            log_likelihood=float(first["log_likelihood"]),
            customers=int(first["customer_count"]),
            cells=int(first["cell_count"]),
            iterations=int(first["iteration_count"]),
            converged=bool(first["is_converged"]),
            gradient_norm=float(first["gradient_norm"]),
            reason=first["failure_reason"] or "",
        )
    return fits


def _spend_fit(fits: dict[tuple[Any, ...], Fit], key: tuple[Any, ...]) -> Fit | None:
    """Return the fit of spend of a group, if there is one that converged."""
    fit = fits.get((*key, SPEND_MODEL))
    return fit if fit is not None and fit.converged else None


def _add_intervals(frame: pd.DataFrame, intervals: Intervals) -> None:
    frame["orders_lower"] = intervals.orders_lower
    frame["orders_upper"] = intervals.orders_upper
    frame["spend_lower_factor"] = intervals.spend_lower
    frame["spend_upper_factor"] = intervals.spend_upper


def _frame(rows: list[tuple[object, ...]], types: dict[str, str]) -> pa.Table:
    return _together([pd.DataFrame(rows, columns=list(types))], types)


def _together(frames: list[pd.DataFrame], types: dict[str, str]) -> pa.Table:
    """Put frames into one table, with dates that are dates and unknown numbers that are null."""
    table = pa.concat_tables(
        pa.Table.from_pandas(frame[list(types)].astype(types), preserve_index=False)
        for frame in frames or [pd.DataFrame(columns=list(types))]
    )
    dates = table.column("as_of_date").cast(pa.date32())
    return table.set_column(table.schema.get_field_index("as_of_date"), "as_of_date", dates)
