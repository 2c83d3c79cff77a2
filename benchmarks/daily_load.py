"""Measure what one more day of orders costs, next to loading all of them.

    .venv/bin/python benchmarks/daily_load.py --customers 1000000

Generates three years of orders, builds everything but the last day, adds the last day and builds
again, with the real dbt in its own folder. docs/benchmarks.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from measuring import (
    Measured,
    build,
    copy_project,
    order_maker,
    orders_of,
    rounded_ratio,
    size_of,
    way_to,
)

UP_TO = "int_customer_days_purchased"


def write_orders(folder: Path, customers: int) -> dict[str, int]:
    """Write a file for each year, and the last day beside them under another ending."""
    folder.mkdir(parents=True)
    with order_maker(folder / "spill") as connection:
        connection.execute(f"create table orders as {orders_of(0, customers)}")
        last_day = "ordered_at >= timestamp '2025-12-31'"
        for year in (2023, 2024, 2025):
            connection.execute(
                f"copy (from orders where year(ordered_at) = {year} and not ({last_day}) "
                f"order by ordered_at, order_id) to '{folder / f'orders-{year}.parquet'}'"
            )
        connection.execute(
            f"copy (from orders where {last_day} order by ordered_at, order_id) "
            f"to '{folder / 'last-day'}' (format parquet)"
        )
        counts = connection.execute(
            f"select count(*) filter (not ({last_day})), count(*) filter ({last_day}) from orders"  # noqa: S608 - numbers only
        ).fetchone()
    if counts is None:
        raise RuntimeError("DuckDB counted nothing")
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return {"rows_before": counts[0], "rows_of_last_day": counts[1]}


def size_of_database(folder: Path) -> float:
    """Return the MiB of the database and what lies beside it."""
    return round(size_of(*folder.glob("tiers.duckdb*")) / 2**20, 1)


def loads_of(folder: Path, model: str) -> int:
    """Return how many loads a table went through since it was built anew."""
    with duckdb.connect(str(folder / "tiers.duckdb"), read_only=True) as connection:
        found = connection.execute(f"select max(load_number) from {model}").fetchone()  # noqa: S608 - a name from this file
    return found[0] if found else 0


def compare(first: Measured, second: Measured, on_the_way: set[str]) -> dict[str, Any]:
    """Put the times of two builds beside each other, in all and up to the customers' days."""

    def is_on_the_way(node: str) -> bool:
        return node in on_the_way or node.startswith("operation.")

    def total(measured: Measured, *, all_nodes: bool) -> float:
        return sum(
            seconds
            for node, seconds in measured.seconds.items()
            if all_nodes or is_on_the_way(node)
        )

    nodes = sorted(first.seconds | second.seconds, key=lambda node: -second.seconds.get(node, 0))
    sums = {
        f"up_to_{UP_TO}": (total(first, all_nodes=False), total(second, all_nodes=False)),
        "all_models": (total(first, all_nodes=True), total(second, all_nodes=True)),
        "wall_clock": (first.wall_seconds, second.wall_seconds),
    }
    return {
        "sums": {
            name: {
                "first_seconds": round(before, 2),
                "second_seconds": round(after, 2),
                "ratio": rounded_ratio(after, before),
            }
            for name, (before, after) in sums.items()
        },
        "models": [
            {
                "model": node.split(".")[-1],
                f"is_up_to_{UP_TO}": is_on_the_way(node),
                "first_seconds": round(first.seconds.get(node, 0), 3),
                "second_seconds": round(second.seconds.get(node, 0), 3),
                "ratio": rounded_ratio(second.seconds.get(node, 0), first.seconds.get(node, 0)),
            }
            for node in nodes
        ],
    }


def as_table(report: dict[str, Any]) -> str:
    """Return the figures as text; a star marks what lies on the way to the customers' days."""
    lines = [f"{'':42}{'first':>10}{'second':>10}{'ratio':>8}"]
    rows = [(row["model"], row[f"is_up_to_{UP_TO}"], row) for row in report["models"]]
    rows += [(name, False, row) for name, row in report["sums"].items()]
    for name, is_starred, row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.3f}"
        label = f"{'*' if is_starred else ' '} {name}"
        lines.append(
            f"{label:42}{row['first_seconds']:>10.2f}{row['second_seconds']:>10.2f}{ratio:>8}"
        )
    return "\n".join(lines)


def measure(folder: Path, customers: int, threads: int) -> dict[str, Any]:
    """Load three years without their last day, then the last day."""
    copy_project(folder / "project")
    counts = write_orders(folder / "orders", customers)
    print(f"{counts['rows_before']:,} rows, then {counts['rows_of_last_day']:,}", file=sys.stderr)
    first = build(folder, threads)
    size_before = size_of_database(folder)
    (folder / "orders" / "last-day").rename(folder / "orders" / "orders-last-day.parquet")
    second = build(folder, threads)
    if loads_of(folder, UP_TO) != 2:  # noqa: PLR2004 - the first load and the last day
        raise RuntimeError(f"{UP_TO} was built anew: the second build shows nothing")
    return {
        "customers": customers,
        **counts,
        "threads": threads,
        "duckdb": duckdb.__version__,
        "database_mebibytes": [size_before, size_of_database(folder)],
        **compare(first, second, way_to(folder, UP_TO)),
    }


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
