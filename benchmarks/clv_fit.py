"""Measure the fit of BG/NBD by tierwise next to that by lifetimes, on the same customers.

    .venv-dev/bin/python benchmarks/clv_fit.py --customers 1000000

Simulates the customers, then fits them in turn, each time in a process of its own, so that seconds
and peak memory are its own too. docs/benchmarks.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

# This process stays small, because a child's peak memory begins at what its parent holds: arrays
# and those who work with them are met in the children only.
if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from lifetimes import BetaGeoFitter
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]
    Histories = tuple[Integers, Integers, Integers]
    Answer = tuple[list[float], float, dict[str, Any]]

PACKAGE = Path(__file__).resolve().parents[1] / "python"
SEED = 20250101
# r, alpha in days, a, b: about 2.9 repeat days a customer, and a cell for every 1.6 customers.
TRUTH = (0.8, 60.0, 1.2, 4.0)
LONGEST_AGE_DAYS = 1096
LIKELIHOOD_TOLERANCE = 1e-6


def simulate(customers: int) -> Histories:
    """Draw customers who came at any time of three years; days of repeats, of the last one, age."""
    import numpy as np  # noqa: PLC0415 - see above

    r, alpha, a, b = TRUTH
    rng = np.random.default_rng(SEED)
    age = rng.integers(1, LONGEST_AGE_DAYS, customers, endpoint=True)
    mean_gap = 1.0 / np.maximum(rng.gamma(r, 1.0 / alpha, customers), 1e-300)
    chance_to_leave = rng.beta(a, b, customers)
    frequency, recency = np.zeros(customers, np.int64), np.zeros(customers, np.int64)
    clock = np.zeros(customers)
    staying = np.arange(customers)
    while len(staying):
        clock[staying] += rng.exponential(mean_gap[staying])
        staying = staying[clock[staying] <= age[staying]]
        day = np.ceil(clock[staying]).astype(np.int64)
        # Orders of one day are one.
        frequency[staying] += day > recency[staying]
        recency[staying] = day
        staying = staying[rng.random(len(staying)) >= chance_to_leave[staying]]
    return frequency, recency, age


def fit_tierwise(frequency: Integers, recency: Integers, age: Integers) -> Answer:
    """Count the customers into cells and fit these."""
    from tierwise.clv.bg_nbd import BG_NBD  # noqa: PLC0415 - in a process of its own
    from tierwise.clv.cells import Cells  # noqa: PLC0415
    from tierwise.clv.fitting import fit_orders  # noqa: PLC0415

    start = time.perf_counter()
    fit = fit_orders(BG_NBD, Cells.of(frequency, recency, age))
    seconds = time.perf_counter() - start
    if not fit.converged:
        raise RuntimeError(f"tierwise did not converge: {fit.reason}")
    more = {"log_likelihood": fit.log_likelihood, "cells": fit.cells, "iterations": fit.iterations}
    return fit.parameters.tolist(), seconds, more


def fit_lifetimes(frequency: Integers, recency: Integers, age: Integers) -> Answer:
    """Fit the customers one by one, as lifetimes is used."""
    from lifetimes import BetaGeoFitter  # noqa: PLC0415 - in a process of its own

    start = time.perf_counter()
    fitter = BetaGeoFitter().fit(frequency, recency, age)
    seconds = time.perf_counter() - start
    return _answer_of_lifetimes(fitter, seconds)


def fit_lifetimes_on_cells(frequency: Integers, recency: Integers, age: Integers) -> Answer:
    """Give lifetimes the cells of tierwise, with their counts as weights; counting included."""
    from lifetimes import BetaGeoFitter  # noqa: PLC0415 - in a process of its own
    from tierwise.clv.cells import Cells  # noqa: PLC0415

    start = time.perf_counter()
    cells = Cells.of(frequency, recency, age).compressed()
    fitter = BetaGeoFitter().fit(cells.frequency, cells.recency, cells.age, weights=cells.count)
    seconds = time.perf_counter() - start
    return _answer_of_lifetimes(fitter, seconds)


def _answer_of_lifetimes(fitter: BetaGeoFitter, seconds: float) -> Answer:
    import numpy as np  # noqa: PLC0415 - see above

    parameters = fitter.params_[["r", "alpha", "a", "b"]].to_numpy()
    weights = fitter.data["weights"]
    # It keeps the likelihood in a time unit of its own: a density per unit for each order.
    orders = float((fitter.data["frequency"] * weights).sum())
    log_likelihood = -fitter._negative_log_likelihood_ * float(weights.sum())
    log_likelihood += orders * float(np.log(fitter._scale))  # noqa: SLF001 - it has no public one
    return parameters.tolist(), seconds, {"log_likelihood": log_likelihood}


FITS: dict[str, Callable[[Integers, Integers, Integers], Answer]] = {
    "tierwise": fit_tierwise,
    "lifetimes": fit_lifetimes,
    "lifetimes_on_cells": fit_lifetimes_on_cells,
}


def peak_mebibytes() -> float:
    """Return the most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def work(task: str, file: Path, customers: int) -> dict[str, Any]:
    """Do one task in this process: simulate into the file, or fit what is in it."""
    import numpy as np  # noqa: PLC0415 - see above

    if task == "simulate":
        frequency, recency, age = simulate(customers)
        np.savez(file, frequency=frequency, recency=recency, age=age)
        return {
            "mean_repeat_days": round(float(frequency.mean()), 3),
            "share_without_repeat": round(float((frequency == 0).mean()), 3),
        }
    with np.load(file) as data:
        histories = data["frequency"], data["recency"], data["age"]
    before = peak_mebibytes()
    parameters, seconds, more = FITS[task](*histories)
    return {
        "seconds": seconds,
        "parameters": parameters,
        "peak_mebibytes": peak_mebibytes(),
        "mebibytes_before": before,
        **more,
    }


def call(task: str, file: Path, customers: int) -> dict[str, Any]:
    """Do one task in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    command = [
        *(sys.executable, __file__, "--task", task, "--file", str(file)),
        *("--customers", str(customers)),
    ]
    finished = subprocess.run(  # noqa: S603 - this file itself
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return answer


def measure(customers: int, repeat: int) -> dict[str, Any]:
    """Fit the same customers by each, in turn, as often as asked for."""
    with tempfile.TemporaryDirectory(prefix="tierwise-benchmark-") as folder:
        file = Path(folder) / "customers.npz"
        simulated = call("simulate", file, customers)
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in FITS}
        for _ in range(repeat):
            for name in FITS:
                answers[name].append(call(name, file, customers))
                print(f"{name}: {answers[name][-1]['seconds']:.2f} s", file=sys.stderr)
    fits = {}
    for name, all_of_it in answers.items():
        last = all_of_it[-1]
        fits[name] = last | {
            "seconds": statistics.median(answer["seconds"] for answer in all_of_it),
            "all_seconds": [round(answer["seconds"], 3) for answer in all_of_it],
            "peak_mebibytes": max(answer["peak_mebibytes"] for answer in all_of_it),
        }
    ours = fits["tierwise"]
    for fit in fits.values():
        difference = fit["log_likelihood"] / ours["log_likelihood"] - 1
        fit["ratio_of_seconds"] = fit["seconds"] / ours["seconds"]
        fit["relative_difference_of_log_likelihood"] = difference
        fit["same_likelihood"] = abs(difference) <= LIKELIHOOD_TOLERANCE
    return {
        "customers": customers,
        "truth": TRUTH,
        **simulated,
        "repeat": repeat,
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in ("numpy", "scipy", "lifetimes")},
        "fits": fits,
    }


def as_table(report: dict[str, Any]) -> str:
    """Return the figures as text."""
    header = f"{'':20}{'seconds':>9}{'ratio':>8}{'peak MiB':>10}{'before':>8}"
    lines = [f"{header}{'log-likelihood':>18}{'difference':>12}"]
    lines += [
        f"{name:20}{fit['seconds']:>9.2f}{fit['ratio_of_seconds']:>8.1f}"
        f"{fit['peak_mebibytes']:>10.0f}{fit['mebibytes_before']:>8.0f}"
        f"{fit['log_likelihood']:>18.3f}{fit['relative_difference_of_log_likelihood']:>12.1e}"
        for name, fit in report["fits"].items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the figures as JSON and as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=1, help="fits by each; the median counts")
    parser.add_argument("--json", type=Path, help="where to write the figures as JSON too")
    parser.add_argument("--task", choices=["simulate", *FITS], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(work(options.task, options.file, options.customers)))
        return
    report = measure(options.customers, options.repeat)
    text = json.dumps(report, indent=2)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)
    print(as_table(report))


if __name__ == "__main__":
    main()
