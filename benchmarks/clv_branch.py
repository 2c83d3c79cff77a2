"""Measure what the models of lifetime value cost in dbt, next to the fit alone.

    .venv/bin/python benchmarks/clv_branch.py --customers 1000000

Generates three years of orders as daily_load.py does and builds what leads to lifetime value once,
with the real dbt in its own folder. docs/benchmarks.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from daily_load import write_orders
from measuring import build, copy_project, rounded_ratio, way_to

FIT = "int_clv_models_fitted"
FIRST = "int_customer_days_known"
MARTS = ("fct_customer_clv", "fct_clv_parameters", "rpt_clv_backtest", "rpt_clv_calibration")


def branch(folder: Path) -> set[str]:
    """Return the models that lead from the customers' known days to the marts, both included."""
    to_marts = set().union(*(way_to(folder, mart) for mart in MARTS))
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    from_first = {node for node in to_marts if node.endswith(f"model.tierwise.{FIRST}")}
    ahead = list(from_first)
    while ahead:
        children = set(manifest["child_map"].get(ahead.pop(), [])) & to_marts - from_first
        from_first |= children
        ahead += children
    return from_first


def row_counts(folder: Path, models: list[str]) -> dict[str, int]:
    """Return how many rows each model has."""
    counts = {}
    with duckdb.connect(str(folder / "tiers.duckdb"), read_only=True) as connection:
        for model in models:
            found = connection.execute(f"select count(*) from {model}").fetchone()  # noqa: S608 - names of models
            counts[model] = found[0] if found else 0
    return counts


def measure(folder: Path, customers: int, threads: int) -> dict[str, Any]:
    """Build three years of orders and add up the seconds of the branch."""
    load = os.getloadavg()[0]
    copy_project(folder / "project")
    counts = write_orders(folder / "orders", customers)
    (folder / "orders" / "last-day").rename(folder / "orders" / "orders-last-day.parquet")
    print(f"{sum(counts.values()):,} rows", file=sys.stderr)
    measured = build(folder, threads, select=[f"+{mart}" for mart in MARTS])
    seconds = {
        node.split(".")[-1]: measured.seconds[node]
        for node in branch(folder)
        if node in measured.seconds
    }
    slowest_first = sorted(seconds, key=lambda model: -seconds[model])
    rows = row_counts(folder, slowest_first)
    total, fit = sum(seconds.values()), seconds[FIT]
    return {
        "customers": customers,
        "rows": sum(counts.values()),
        "threads": threads,
        "cores": os.cpu_count(),
        "load_before": load,
        "duckdb": duckdb.__version__,
        "branch_seconds": round(total, 2),
        "fit_seconds": round(fit, 2),
        "ratio": rounded_ratio(total, fit),
        "wall_seconds": round(measured.wall_seconds, 2),
        "models": [
            {
                "model": model,
                "seconds": round(seconds[model], 3),
                "to_fit": rounded_ratio(seconds[model], fit),
                "rows": rows[model],
            }
            for model in slowest_first
        ],
    }


def as_table(report: dict[str, Any]) -> str:
    """Return the figures as text, the slowest model first."""
    lines = [f"{'':36}{'seconds':>9}{'to fit':>8}{'rows':>13}"]
    lines += [
        f"{row['model']:36}{row['seconds']:>9.2f}{row['to_fit']:>8.2f}{row['rows']:>13,}"
        for row in report["models"]
    ]
    lines.append(f"{'branch':36}{report['branch_seconds']:>9.2f}{report['ratio']:>8.2f}")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the figures as JSON and as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--threads", type=int, default=1, help="models built at once")
    parser.add_argument("--folder", type=Path, help="where to work; kept, and must not exist yet")
    parser.add_argument("--json", type=Path, help="where to write the figures as JSON too")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="tierwise-benchmark-"))
    try:
        report = measure(folder.resolve(), options.customers, options.threads)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    text = json.dumps(report, indent=2)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)
    print(as_table(report))


if __name__ == "__main__":
    main()
