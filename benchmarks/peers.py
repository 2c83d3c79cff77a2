"""What other tools take for parts of the core, each in a process of its own.

    .venv-peers/bin/python benchmarks/peers.py TASK CUSTOMER_DAYS.parquet

Tasks: pandas_rfm (R, F and M scores of the last day), lifetimes (BG/NBD, maximum likelihood) and
pymc_marketing (BG/NBD, maximum a posteriori). The file has a row for each day on which a customer
bought: customer_id, order_date, order_count, amount. Prints JSON; seconds begin with the customers
in memory, imports and reading are left out.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable


def histories(days: pd.DataFrame) -> pd.DataFrame:
    """Return repeat days, days from the first to the last of them, and age, of each customer."""
    end = days["order_date"].max()
    dates = days.groupby("customer_id")["order_date"].agg(["count", "min", "max"])
    return pd.DataFrame(
        {
            "customer_id": dates.index,
            "frequency": (dates["count"] - 1).to_numpy(),
            "recency": (dates["max"] - dates["min"]).dt.days.to_numpy(),
            "T": (end - dates["min"]).dt.days.to_numpy(),
        }
    )


def pandas_rfm(days: pd.DataFrame) -> tuple[float, dict[str, Any]]:
    """Score every customer by fifths, as a notebook would; equal ones by order of appearance."""
    start = time.perf_counter()
    end = days["order_date"].max()
    within = days[days["order_date"] > end - pd.Timedelta(days=365)]
    scores = pd.DataFrame(
        {
            "recency": (end - days.groupby("customer_id")["order_date"].max()).dt.days,
            "frequency": within.groupby("customer_id")["order_count"].sum(),
            "monetary": within.groupby("customer_id")["amount"].sum(),
        }
    ).fillna(0)
    for column, ascending in (("recency", False), ("frequency", True), ("monetary", True)):
        ranks = scores[column].rank(method="first", ascending=ascending)
        scores[f"{column}_score"] = pd.qcut(ranks, 5, labels=False) + 1
    return time.perf_counter() - start, {"customers": len(scores)}


def lifetimes(days: pd.DataFrame) -> tuple[float, dict[str, Any]]:
    """Fit all customers one by one."""
    from lifetimes import BetaGeoFitter  # noqa: PLC0415 - only for this task

    data = histories(days)
    start = time.perf_counter()
    fitter = BetaGeoFitter().fit(data["frequency"], data["recency"], data["T"])
    seconds = time.perf_counter() - start
    return seconds, {"parameters": fitter.params_[["r", "alpha", "a", "b"]].tolist()}


def pymc_marketing(days: pd.DataFrame) -> tuple[float, dict[str, Any]]:
    """Find the mode of the posterior, with the priors it comes with."""
    from pymc_marketing.clv import BetaGeoModel  # noqa: PLC0415 - only for this task

    data = histories(days)
    start = time.perf_counter()
    model = BetaGeoModel(data)
    model.fit(method="map", progressbar=False)
    seconds = time.perf_counter() - start
    found = model.fit_result
    return seconds, {"parameters": [float(found[name].mean()) for name in ("r", "alpha", "a", "b")]}


TASKS: dict[str, Callable[[pd.DataFrame], tuple[float, dict[str, Any]]]] = {
    "pandas_rfm": pandas_rfm,
    "lifetimes": lifetimes,
    "pymc_marketing": pymc_marketing,
}


def main(task: str, file: str) -> None:
    """Do one task and print what it took."""
    warnings.simplefilter("ignore")
    days = pd.read_parquet(file)
    days["order_date"] = pd.to_datetime(days["order_date"])
    days["amount"] = days["amount"].astype(float)
    seconds, more = TASKS[task](days)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"seconds": round(seconds, 3), "peak_memory_mebibytes": round(peak, 1)} | more)
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
