"""Measure what two years of monthly tiers cost, next to scores written by hand for the same months.

    .venv/bin/python benchmarks/tier_history.py --customers 1000000

Generates three years of orders as daily_load.py does and builds the history with the real dbt in
its own folder; then R, F and M scores of the same 24 month ends are computed in plain SQL.
docs/benchmarks.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from daily_load import write_orders
from measuring import build, copy_project, rounded_ratio, way_to

HISTORY = "fct_customer_tier_periods"
PERIODS = "util_periods"
# Of three years that begin on 2023-01-01, those month ends that have 380 days behind them are 24.
MIN_DAYS, MONTHS = 380, 24
POLICIES = {
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
}

# One month end by hand: what was bought in the year before it, the cut points at each fifth, the
# scores. No inputs, no cut-offs, no tiers, no reasons are kept.
_MONTH = """
insert into scores
with bought as (
    select
        customer_id,
        date '{end}' - max(order_date) as recency,
        sum(case when order_date > date '{end}' - 365 then purchase_count else 0 end) as frequency,
        sum(case when order_date > date '{end}' - 365 then net_amount else 0 end) as monetary
    from days
    where order_date <= date '{end}'
    group by customer_id
),
cuts as (
    select
        quantile_cont(recency, [0.2, 0.4, 0.6, 0.8]) as recency,
        quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) as frequency,
        quantile_cont(monetary, [0.2, 0.4, 0.6, 0.8]) as monetary
    from bought
)
select
    date '{end}',
    customer_id,
    5 - len(list_filter(cuts.recency, lambda cut: cut < bought.recency)),
    1 + len(list_filter(cuts.frequency, lambda cut: cut < bought.frequency)),
    1 + len(list_filter(cuts.monetary, lambda cut: cut < bought.monetary))
from bought, cuts
"""


def by_hand(folder: Path) -> tuple[float, int]:
    """Score the month ends in plain SQL; return the seconds, and how many scores differ."""
    # The storage format that the build uses, too.
    config = {"storage_compatibility_version": "latest"}
    with duckdb.connect(str(folder / "by_hand.duckdb"), config=config) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"attach '{folder / 'tiers.duckdb'}' as built (read_only)")
        connection.execute(
            "create table days as select customer_id, order_date, purchase_count, net_amount "
            "from built.int_customer_days_purchased where customer_id is not null"
        )
        connection.execute(
            "create table scores (period_end_date date, customer_id varchar, r int, f int, m int)"
        )
        ends = connection.execute(
            f"select period_end_date from built.{PERIODS} order by 1"  # noqa: S608 - a name from this file
        ).fetchall()
        if len(ends) != MONTHS:
            raise RuntimeError(f"There are {len(ends)} periods, not {MONTHS}")
        start = time.monotonic()
        for (end,) in ends:
            connection.execute(_MONTH.format(end=end))
        seconds = time.monotonic() - start
        differing = connection.execute(
            f"select count(*) from scores full join built.{HISTORY} as history "  # noqa: S608 - a name from this file
            "using (period_end_date, customer_id) where (scores.r, scores.f, scores.m) "
            "is distinct from (history.r_score, history.f_score, history.m_score)"
        ).fetchone()
    return seconds, differing[0] if differing else -1


def measure(folder: Path, customers: int, threads: int) -> dict[str, Any]:
    """Build the history of one policy, and the scores by hand beside it."""
    load = os.getloadavg()[0]
    copy_project(folder / "project")
    counts = write_orders(folder / "orders", customers)
    (folder / "orders" / "last-day").rename(folder / "orders" / "orders-last-day.parquet")
    print(f"{sum(counts.values()):,} rows", file=sys.stderr)
    settings = {"tier_policies": POLICIES, "tier_history_min_days": MIN_DAYS}
    measured = build(folder, threads, settings, (f"+{HISTORY}",))
    path = way_to(folder, HISTORY)
    # The scores by hand begin at the customers' days, as the periods of the history do.
    seconds = {
        node.split(".")[-1]: taken
        for node, taken in measured.seconds.items()
        if node in path and ("_period" in node or node.endswith("cut_offs_computed"))
    }
    hand_seconds, differing = by_hand(folder)
    total = sum(seconds.values())
    return {
        "customers": customers,
        "rows": sum(counts.values()),
        "months": MONTHS,
        "threads": threads,
        "cores": os.cpu_count(),
        "load_before": load,
        "duckdb": duckdb.__version__,
        "history_seconds": round(total, 2),
        "by_hand_seconds": round(hand_seconds, 2),
        "ratio": rounded_ratio(total, hand_seconds),
        "differing_scores": differing,
        "models": {
            model: round(taken, 2)
            for model, taken in sorted(seconds.items(), key=lambda item: -item[1])
        },
    }


def as_table(report: dict[str, Any]) -> str:
    """Return the figures as text, the slowest model first."""
    rows = [*report["models"].items()]
    rows += [("history", report["history_seconds"]), ("by hand", report["by_hand_seconds"])]
    lines = [f"{'':36}{'seconds':>9}{'to hand':>9}"]
    lines += [
        f"{name:36}{seconds:>9.2f}{seconds / report['by_hand_seconds']:>9.2f}"
        for name, seconds in rows
    ]
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
