"""Measure what one more day of orders costs, next to loading all of them.

    .venv/bin/python benchmarks/daily_load.py --customers 1000000

Generates three years of orders, builds everything but the last day, adds the last day and builds
again, with the real dbt in its own folder. README.md beside this file says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
DBT = Path(sys.executable).parent / "dbt"
# What a build is made of; a copy stays as it is while somebody works on the project.
PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "python", "seeds", "tests")
UP_TO = "int_customer_days_purchased"

# Customers come at any time of the three years and buy again after gaps that are each their own: a
# few often, most now and then, some once. About 6.7 orders each; the numbers come from a hash of
# the customer and the order, so the same size gives the same orders.
_ORDERS = """
with customers as (
    select
        number as customer,
        1096 * chance(number, 1) as first_day,
        12 + 120 * pow(chance(number, 2), 2) as mean_gap_days,
        chance(number, 3) as size,
        1 + least(60, floor(-9.4 * ln(chance(number, 4))))::int as order_count
    from range({customers}) as numbers(number)
),
slots as (
    select *, unnest(range(order_count)) as place from customers
),
dated as (
    select
        *,
        customer * 64 + place as number,
        first_day + coalesce(
            sum(case when place > 0 then -ln(chance(customer * 64 + place, 5)) * mean_gap_days end)
            over (partition by customer order by place), 0
        ) as day
    from slots
),
orders as (
    select
        printf('o%010d', number) as order_id,
        case when chance(number, 6) >= 0.005 then printf('c%08d', customer) end as customer_id,
        timestamp '2023-01-01' + to_seconds((day * 86400)::bigint) as ordered_at,
        (exp(2.5 + 1.5 * size) * (0.4 + 1.2 * chance(number, 7)))::decimal(12, 2) as amount,
        case when chance(number, 8) < 0.01 then 'cancelled' else 'completed' end as status,
        chance(number, 9) < 0.005 as is_repeated
    from dated
    where day < 1096
)
select * exclude (is_repeated) from orders
union all
select * exclude (is_repeated) from orders where is_repeated
"""

_CHANCE = """
create macro chance(number, salt) as
    ((hash(number * 16 + salt) >> 11)::double + 0.5) / 9007199254740992.0
"""


@dataclass(frozen=True)
class Measured:
    """What one build took; ``seconds`` are those of each model, seed and on-run-start hook."""

    wall_seconds: float
    seconds: dict[str, float]


def write_orders(folder: Path, customers: int) -> dict[str, int]:
    """Write a file for each year, and the last day beside them under another ending."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set temp_directory = '{folder / 'spill'}'")
        connection.execute(_CHANCE)
        connection.execute(f"create table orders as {_ORDERS.format(customers=customers)}")
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


def copy_project(folder: Path) -> None:
    """Copy what a build is made of."""
    folder.mkdir(parents=True)
    for part in PROJECT_PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / part)


def build(
    folder: Path, threads: int, settings: dict[str, Any] | None = None, select: str | None = None
) -> Measured:
    """Call `dbt build` without tests, as a user would, and read what it says of its times."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TIERWISE_", "DBT_")) and name != "PYTHONPATH"
    }
    environment = kept | {
        "TIERWISE_DATABASE": str(folder / "tiers.duckdb"),
        "TIERWISE_THREADS": str(threads),
        "TIERWISE_ORDERS": str(folder / "orders" / "*.parquet"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUTF8": "1",
    }
    command: list[str | Path] = [
        *(DBT, "--no-use-colors", "build"),
        *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        *("--project-dir", folder / "project", "--profiles-dir", folder / "project"),
        *("--target-path", folder / "target", "--log-path", folder / "logs"),
        *("--vars", json.dumps(settings or {})),
        *(("--select", select) if select else ()),
    ]
    start = time.monotonic()
    finished = subprocess.run(  # noqa: S603 - dbt of this environment
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    wall_seconds = time.monotonic() - start
    if finished.returncode != 0:
        raise RuntimeError(f"dbt failed:\n{finished.stdout}")
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    return Measured(
        wall_seconds, {row["unique_id"]: row["execution_time"] for row in results["results"]}
    )


def way_to(folder: Path, model: str) -> set[str]:
    """Return a model and what comes before it: its ancestors and the on-run-start hooks."""
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    [target] = [node for node in manifest["nodes"] if node.endswith(f"model.tierwise.{model}")]
    found: set[str] = set()
    ahead = [target]
    while ahead:
        node = ahead.pop()
        if node not in found:
            found.add(node)
            ahead += manifest["parent_map"].get(node, [])
    return found


def size_of_database(folder: Path) -> float:
    """Return the MiB of the database and what lies beside it."""
    return round(sum(file.stat().st_size for file in folder.glob("tiers.duckdb*")) / 2**20, 1)


def loads_of(folder: Path, model: str) -> int:
    """Return how many loads a table went through since it was built anew."""
    with duckdb.connect(str(folder / "tiers.duckdb"), read_only=True) as connection:
        found = connection.execute(f"select max(load_number) from {model}").fetchone()  # noqa: S608 - a name from this file
    return found[0] if found else 0


def rounded_ratio(second: float, first: float) -> float | None:
    """Return the second by the first, if there was a first."""
    return round(second / first, 4) if first else None


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
