"""Measure the build of the core next to the same written by hand, and to other tools.

    make benchmark SIZE=50000

Makes orders, has dbt parse the project, builds the core with the real dbt once without and once
with its tests, writes the same by hand (lower_bound.py) and runs the peers (peers.py), all in one
run. docs/benchmarks.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from measuring import (
    DATABASE,
    MEBIBYTE,
    build,
    copy_project,
    environment_of,
    order_maker,
    orders_of,
    parse,
    rounded_ratio,
    run_watched,
    size_of,
    way_to,
)

if TYPE_CHECKING:
    from measuring import Measured

HERE = Path(__file__).resolve().parent
LEAST, MOST = 10_000, 15_000_000
# So many customers' orders are made at once: memory does not grow with the size.
SLICE = 500_000
# Beyond this the peers, that fit customers one by one, would take longer than all the rest.
PEERS_UP_TO = 200_000
PEERS = ("pandas_rfm", "lifetimes", "pymc_marketing")
# Of three years that begin on 2023-01-01, those month ends that have 380 days behind them are 24.
MONTHS = 24
SETTINGS = {
    "tier_history_min_days": 380,
    "active_tier_policy": "rfm_total",
    "tier_policies": {
        "rfm_total": {
            "metric": "rfm_total",
            "method": "bands",
            "tiers": [
                {"code": "top", "from": 12},
                {"code": "potential", "from": 9},
                {"code": "general", "from": 6},
                {"code": "dormant", "from": 3},
            ],
        }
    },
}
# A node belongs to the first step that needs it.
STEPS = {
    "accepted_orders": ("int_orders_accepted",),
    "customer_days": ("int_customer_days_totalled", "int_customers_purchases_summarised"),
    "rfm_scores": ("fct_customer_rfm_scores",),
    "abc_classes": ("fct_customer_abc_classes",),
    "clv_fit": ("int_clv_models_fitted",),
    "clv_values": ("fct_customer_clv",),
    "history": ("fct_customer_tier_periods",),
    "tiers": ("dim_customer_tiers",),
}
SELECT = [f"+{model}" for models in STEPS.values() for model in models]
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test", "--indirect-selection", "buildable")


def write_orders(folder: Path, customers: int) -> dict[str, Any]:
    """Write the orders of some customers at a time, and count them."""
    folder.mkdir(parents=True)
    spill = folder.with_name("spill")
    start = time.monotonic()
    for first in range(0, customers, SLICE):
        with order_maker(spill) as connection:
            made = orders_of(first, min(first + SLICE, customers))
            file = folder / f"orders-{first // SLICE:03}.parquet"
            connection.execute(f"copy ({made}) to '{file}' (format parquet)")
    shutil.rmtree(spill, ignore_errors=True)
    with duckdb.connect() as connection:
        counted = connection.execute(
            "select count(*) from read_parquet(?)", [str(folder / "*.parquet")]
        ).fetchall()
    return {
        "rows": counted[0][0],
        "mebibytes": round(size_of(folder) / MEBIBYTE, 1),
        "seconds": round(time.monotonic() - start, 2),
    }


def step_of_nodes(folder: Path, nodes: list[str]) -> dict[str, str]:
    """Say of each model, seed and hook to which step it belongs, and of a test what it tests."""
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    ways = {step: way_to(folder, *models) for step, models in STEPS.items()}
    order = list(STEPS)

    def of_model(node: str) -> str:
        return next((step for step, way in ways.items() if node in way), order[-1])

    found = {}
    for node in nodes:
        if node.startswith("operation."):
            found[node] = "start_and_end"
        elif node.startswith("test."):
            tested = manifest["nodes"][node]["depends_on"]["nodes"]
            found[node] = max(map(of_model, tested), key=order.index) if tested else order[-1]
        else:
            found[node] = of_model(node)
    return found


def moments(result: dict[str, Any]) -> tuple[float, float]:
    """Return when a node began and ended, in seconds; twice 0 where dbt does not say."""
    timing = [part for part in result["timing"] if part["started_at"] and part["completed_at"]]
    times = [
        datetime.fromisoformat(part[end]).timestamp()
        for part in timing
        for end in ("started_at", "completed_at")
    ]
    return (min(times), max(times)) if times else (0.0, 0.0)


def as_steps(folder: Path, measured: Measured) -> list[dict[str, Any]]:
    """Add up the nodes of each step, and look up what was held while they ran."""
    if measured.watched is None:
        raise RuntimeError("Nobody watched this build")
    steps = step_of_nodes(folder, list(measured.seconds))
    rows = []
    for step in ("start_and_end", *STEPS):
        results = [row for row in measured.results if steps[row["unique_id"]] == step]
        tests = [row for row in results if row["unique_id"].startswith("test.")]
        spans = [span for span in map(moments, results) if span[1]]
        peaks = [measured.watched.peaks(*span) for span in spans]
        in_tests = sum(row["execution_time"] for row in tests)
        rows.append(
            {
                "step": step,
                "seconds": round(sum(row["execution_time"] for row in results) - in_tests, 2),
                "seconds_of_tests": round(in_tests, 2),
                "nodes": len(results) - len(tests),
                "tests": len(tests),
                **{
                    name: max((peak[name] for peak in peaks), default=0.0)
                    for name in ("peak_memory_mebibytes", "peak_disk_mebibytes")
                },
            }
        )
    return rows


def measured_build(folder: Path, threads: int, leave_out: tuple[str, ...] | None) -> dict[str, Any]:
    """Build the core into a new database."""
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink() if file.is_file() else shutil.rmtree(file)
    options: dict[str, Any] = {"settings": SETTINGS, "select": SELECT}
    if leave_out:
        options["leave_out"] = leave_out
    measured = build(folder, threads, **options)
    assert measured.watched is not None  # noqa: S101 - build always watches
    nodes = sorted(measured.seconds.items(), key=lambda pair: -pair[1])
    return {
        "seconds": round(measured.wall_seconds, 2),
        **measured.watched.peaks(),
        "database_mebibytes": round(size_of(folder / DATABASE) / MEBIBYTE, 1),
        "steps": as_steps(folder, measured),
        "slowest": [
            {"node": node.split(".", 2)[-1], "seconds": round(seconds, 2)}
            for node, seconds in nodes[:15]
        ],
    }


def by_hand(folder: Path) -> dict[str, Any]:
    """Run the lower bound in a process of its own."""
    scratch = folder / "by_hand.duckdb"
    orders = str(folder / "orders" / "*.parquet")
    command = [sys.executable, HERE / "lower_bound.py", orders, str(scratch), str(MONTHS)]
    start = time.monotonic()
    finished, watched = run_watched(
        command,
        folder,
        environment_of(folder, 1),
        lambda: size_of(*folder.glob(f"{scratch.name}*")),
    )
    wall_seconds = time.monotonic() - start
    if finished.returncode != 0:
        raise RuntimeError(f"The lower bound failed:\n{finished.stdout}")
    answer: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    steps = [
        {"step": step["step"], "seconds": step["seconds"]} | watched.peaks(step["from"], step["to"])
        for step in answer["steps"]
    ]
    database = {"database_mebibytes": round(size_of(scratch) / MEBIBYTE, 1)}
    return answer | watched.peaks() | database | {"seconds": round(wall_seconds, 2), "steps": steps}


# Customers who are in one and not in the other differ too.
_DIFFERING = {
    "rfm_scores": """
        select count(*) from hand.scores as ours
        full join fct_customer_rfm_scores as marts using (customer_id)
        where (ours.r_score, ours.f_score, ours.m_score)
            is distinct from (marts.r_score, marts.f_score, marts.m_score)
    """,
    "abc_classes": """
        select count(*) from hand.abc as ours
        full join fct_customer_abc_classes as marts using (customer_id)
        where ours.abc_class is distinct from marts.abc_class
    """,
    "tiers": """
        select count(*) from hand.tiers as ours
        full join (from dim_customer_tiers where tier_code is not null) as marts using (customer_id)
        where ours.tier_code is distinct from marts.tier_code
    """,
    "history": """
        select count(*) from hand.history as ours
        full join fct_customer_tier_periods as marts using (period_end_date, customer_id)
        where (ours.r_score, ours.f_score, ours.m_score)
            is distinct from (marts.r_score, marts.f_score, marts.m_score)
    """,
}
_FIT = """
    select parameter_name, parameter_value, log_likelihood, cell_count
    from int_clv_models_fitted
    where fit_window = 'full' and model_name = 'bg_nbd' order by parameter_rank
"""


def agreement(folder: Path, hand: dict[str, Any]) -> dict[str, Any]:
    """Compare what was written by hand with the marts: rows that differ, and the two fits."""
    with duckdb.connect(str(folder / DATABASE), read_only=True) as connection:
        connection.execute(f"attach '{folder / 'by_hand.duckdb'}' as hand (read_only)")
        counts = {
            name: connection.execute(query).fetchall()[0][0] for name, query in _DIFFERING.items()
        }
        history = connection.execute("select count(*) from fct_customer_tier_periods").fetchall()
        fit = connection.execute(_FIT).fetchall()
    likelihood = fit[0][2]
    return {
        "differing_rows": counts,
        "rows_of_history": history[0][0],
        "parameters": {name: value for name, value, _, _ in fit},
        "log_likelihood": likelihood,
        "cells": fit[0][3],
        "relative_difference_of_log_likelihood": hand["log_likelihood"] / likelihood - 1,
    }


def run_peers(folder: Path, python: Path) -> dict[str, Any]:
    """Run the other tools on the customers' days, one after the other."""
    days = folder / "days.parquet"
    with duckdb.connect(str(folder / "by_hand.duckdb"), read_only=True) as connection:
        connection.execute(f"copy days to '{days}' (format parquet)")
    environment = environment_of(folder, 1) | {
        "PYTENSOR_FLAGS": f"base_compiledir={folder}/compiled"
    }
    answers = {}
    for task in PEERS:
        command = [python, HERE / "peers.py", task, days]
        finished, _ = run_watched(command, folder, environment)
        answers[task] = (
            json.loads(finished.stdout.splitlines()[-1])
            if finished.returncode == 0
            else {"failed": finished.stdout.splitlines()[-1:] or ["without a word"]}
        )
        print(f"{task}: {answers[task].get('seconds', 'failed')}", file=sys.stderr)
    return answers


def measure(
    folder: Path, customers: int, threads: int, peers: Path | None = None
) -> dict[str, Any]:
    """Build twice, write by hand once, and run the peers where they are asked for."""
    load = os.getloadavg()[0]
    copy_project(folder / "project")
    orders = write_orders(folder / "orders", customers)
    print(f"{orders['rows']:,} rows", file=sys.stderr)
    parsing_seconds = parse(folder, threads, SETTINGS)
    print(f"parsing: {parsing_seconds} s", file=sys.stderr)
    without = measured_build(folder, threads, None)
    print(f"without tests: {without['seconds']} s", file=sys.stderr)
    hand = by_hand(folder)
    print(f"by hand: {hand['seconds']} s", file=sys.stderr)
    agreed = agreement(folder, hand)
    with_tests = measured_build(folder, threads, NO_UNIT_TESTS)
    print(f"with tests: {with_tests['seconds']} s", file=sys.stderr)
    report: dict[str, Any] = {
        "customers": customers,
        "orders": orders,
        "months": MONTHS,
        "threads": threads,
        "cores": os.cpu_count(),
        "memory_limit": os.environ.get("TIERWISE_MEMORY_LIMIT"),
        "load_before": round(load, 2),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "parsing_seconds": parsing_seconds,
        "without_tests": without,
        "with_tests": with_tests,
        "by_hand": hand,
        "agreement": agreed,
        "ratios": {
            name: {
                part: rounded_ratio(built[part], hand[part])
                for part in ("seconds", "peak_memory_mebibytes", "database_mebibytes")
            }
            for name, built in (("without_tests", without), ("with_tests", with_tests))
        },
        "microseconds_per_row": round(without["seconds"] / orders["rows"] * 1e6, 2),
    }
    if peers and customers <= PEERS_UP_TO:
        report["peers"] = run_peers(folder, peers)
    else:
        report["peers_left_out"] = (
            f"more than {PEERS_UP_TO:,} customers" if peers else "no environment was named"
        )
    return report


def as_table(report: dict[str, Any]) -> str:
    """Return the figures as text."""
    hand = {step["step"]: step for step in report["by_hand"]["steps"]}
    tested = {step["step"]: step for step in report["with_tests"]["steps"]}
    header = f"{'':18}{'build s':>9}{'tests s':>9}{'MiB':>8}{'disk MiB':>10}"
    lines = [f"{header}{'by hand s':>11}{'MiB':>8}{'disk MiB':>10}{'ratio':>8}"]

    def line(name: str, built: dict[str, Any], tests: float, other: dict[str, Any] | None) -> str:
        text = f"{name:18}{built['seconds']:>9.2f}{tests:>9.2f}"
        text += f"{built['peak_memory_mebibytes']:>8.0f}{built['peak_disk_mebibytes']:>10.0f}"
        if other is None:
            return text
        ratio = built["seconds"] / other["seconds"] if other["seconds"] else float("nan")
        text += f"{other['seconds']:>11.2f}{other['peak_memory_mebibytes']:>8.0f}"
        return text + f"{other['peak_disk_mebibytes']:>10.0f}{ratio:>8.2f}"

    for step in report["without_tests"]["steps"]:
        tests = tested[step["step"]]["seconds_of_tests"]
        lines.append(line(step["step"], step, tests, hand.get(step["step"])))
    lines.append(line("without tests", report["without_tests"], 0, report["by_hand"]))
    all_tests = sum(step["seconds_of_tests"] for step in tested.values())
    lines.append(line("with tests", report["with_tests"], all_tests, report["by_hand"]))
    lines.append(f"{'parsing, once':18}{report['parsing_seconds']:>9.2f}")
    for name, answer in report.get("peers", {}).items():
        lines.append(
            f"{name:18}{answer['seconds']:>9.2f}{'':9}{answer['peak_memory_mebibytes']:>8.0f}"
            if "seconds" in answer
            else f"{name:18}failed: {answer['failed'][0]}"
        )
    if "peers_left_out" in report:
        lines.append(f"Peers left out: {report['peers_left_out']}.")
    differing = report["agreement"]["differing_rows"]
    lines.append(f"Rows that differ from those by hand: {differing}")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print the figures as JSON and as a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--threads", type=int, default=2, help="models built at once")
    parser.add_argument("--peers", type=Path, help="the Python of the peers' environment")
    parser.add_argument("--folder", type=Path, help="where to work; kept, and must not exist yet")
    parser.add_argument("--json", type=Path, help="where to write the figures as JSON too")
    options = parser.parse_args()
    if not LEAST <= options.customers <= MOST:
        sys.exit(f"SIZE is a number of customers from {LEAST:,} to {MOST:,}.")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="tierwise-benchmark-"))
    try:
        # The link in an environment is what leads Python to its packages: it is not followed.
        peers = options.peers.absolute() if options.peers else None
        report = measure(folder.resolve(), options.customers, options.threads, peers)
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
