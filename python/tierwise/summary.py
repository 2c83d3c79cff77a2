"""Plain-text summary of the last build: ``python -m tierwise.summary``.

Reads the database that ``TIERWISE_DATABASE`` names, else ``tierwise.duckdb`` in
``DBT_PROJECT_DIR`` (or the working directory), schema ``TIERWISE_SCHEMA`` (default ``main``);
read-only.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

TIER_TABLE = "rpt_tier_summary"
INPUT_TABLE = "rpt_input_reconciliation"
QUARANTINE_TABLE = "fct_quarantined_rows"
FLAG_TABLE = "fct_flagged_rows"
VALUE_TABLE = "fct_customer_clv"
BACKTEST_TABLE = "rpt_clv_backtest"

# Rows that complete the revenue and are not tiers people are put into.
OUTSIDE_TIERS = ("untiered", "guest")
_CODES_SHOWN = 3

_TIERS = """
    select
        as_of_date, policy_name, tier_code, tier_label_en, tier_label_zh,
        coalesce(customer_count, 0), customer_share, net_revenue_amount, revenue_share
    from rpt_tier_summary
    where
        is_active_policy
        and as_of_date is not distinct from (select max(as_of_date) from rpt_tier_summary)
    order by tier_code in ('untiered', 'guest'), tier_rank nulls last, tier_code desc
"""
_INPUTS = """
    select
        source_table,
        coalesce(sum(read_count), 0),
        coalesce(sum(accepted_count), 0),
        coalesce(sum(collapsed_count), 0),
        coalesce(sum(superseded_count), 0),
        coalesce(sum(quarantined_count), 0)
    from rpt_input_reconciliation
    group by source_table
    order by source_table
"""
_REASONS = """
    select reason_code, count(*) as row_count
    from fct_quarantined_rows
    group by reason_code
    order by row_count desc, reason_code
"""
_FLAGS = """
    select reason_code, count(*) as row_count
    from fct_flagged_rows
    group by reason_code
    order by row_count desc, reason_code
"""
_FORECASTS = """
    select
        model_name, is_baseline, is_selected, expected_orders, actual_order_count,
        mean_absolute_error, holdout_error, interval_probability_share
    from rpt_clv_backtest
    where
        breakdown = 'overall'
        and clv_group = 'all'
        and as_of_date is not distinct from (select max(as_of_date) from rpt_clv_backtest)
    order by holdout_error, model_name
"""
_FALLBACKS = """
    select clv_reason, count(*) as customer_count
    from fct_customer_clv
    where clv_method = 'fallback'
    group by clv_reason
    order by customer_count desc, clv_reason
"""


class SummaryError(Exception):
    """There is nothing to summarise; the message says why and what to do."""


@dataclass(frozen=True)
class Tier:
    """One row of the tier table; shares from 0 to 1, revenue in base currency."""

    policy_name: str
    code: str
    label_en: str
    label_zh: str
    customer_count: int
    customer_share: float | None
    net_revenue_amount: Decimal
    revenue_share: float | None


@dataclass(frozen=True)
class Forecast:
    """How one model or baseline did on the holdout; errors in orders per customer."""

    model_name: str
    is_baseline: bool
    is_selected: bool
    expected_orders: float
    actual_order_count: int
    mean_absolute_error: float
    holdout_error: float
    interval_probability_share: float | None


@dataclass(frozen=True)
class Build:
    """What the summary says about one build; the tiers are those of the active policy."""

    as_of_date: dt.date | None
    tiers: list[Tier]
    inputs: list[tuple[str, int, int, int, int, int]]
    reasons: list[tuple[str, int]]
    flags: list[tuple[str, int]]
    forecasts: list[Forecast]
    fallbacks: list[tuple[str, int]]


def database_path(environment: Mapping[str, str]) -> Path:
    """Say where the build has put its database."""
    named = environment.get("TIERWISE_DATABASE")
    if named:
        return Path(named)
    return Path(environment.get("DBT_PROJECT_DIR") or ".") / "tierwise.duckdb"


def read_rows(
    path: Path, schema: str, tables: Sequence[str], queries: Sequence[str]
) -> list[list[tuple[Any, ...]]]:
    """Ask the database of a build, read-only, for the rows of queries over these tables.

    Raises
    ------
    SummaryError : the database or one of the tables is missing, or cannot be read.
    """
    if not path.is_file():
        raise SummaryError(f"There is no database at {path.absolute()}: run `make build` first.")
    try:
        with closing(duckdb.connect(str(path), read_only=True)) as connection:
            _use_schema(connection, schema, path, tables)
            return [connection.execute(query).fetchall() for query in queries]
    except duckdb.IOException as error:
        raise SummaryError(
            f"{path.absolute()} cannot be opened ({_first_line(error)}): wait until no build is "
            "running; if that is not it, run `make build` again."
        ) from error
    except duckdb.Error as error:
        raise SummaryError(
            f"{path.absolute()} is not what a build writes ({_first_line(error)}): run "
            "`make build` again."
        ) from error


def read_build(path: Path, schema: str) -> Build:
    """Read the six tables; raises as ``read_rows`` does."""
    tiers, inputs, reasons, flags, forecasts, fallbacks = read_rows(
        path,
        schema,
        [TIER_TABLE, INPUT_TABLE, QUARANTINE_TABLE, FLAG_TABLE, VALUE_TABLE, BACKTEST_TABLE],
        [_TIERS, _INPUTS, _REASONS, _FLAGS, _FORECASTS, _FALLBACKS],
    )
    return Build(
        as_of_date=tiers[0][0] if tiers else None,
        tiers=[
            Tier(
                policy_name=str(policy),
                code=str(code),
                label_en=label_en or "",
                label_zh=label_zh or "",
                customer_count=int(count),
                customer_share=customer_share,
                net_revenue_amount=Decimal(revenue or 0),
                revenue_share=revenue_share,
            )
            for _, policy, code, label_en, label_zh, count, customer_share, revenue, revenue_share
            in tiers
        ],
        inputs=[
            (str(table), int(read), int(kept), int(same), int(older), int(refused))
            for table, read, kept, same, older, refused in inputs
        ],
        reasons=[(str(code), int(count)) for code, count in reasons],
        flags=[(str(code), int(count)) for code, count in flags],
        forecasts=[Forecast(*row) for row in forecasts],
        fallbacks=[(str(code), int(count)) for code, count in fallbacks],
    )  # fmt: skip


def _use_schema(
    connection: duckdb.DuckDBPyConnection, schema: str, path: Path, needed: Sequence[str]
) -> None:
    """Make the schema the current one, after a look whether it holds the tables."""
    rows = connection.execute(
        "select table_name from information_schema.tables "
        "where table_schema = ? and table_catalog = current_database()",
        [schema],
    ).fetchall()
    found = {str(row[0]) for row in rows}
    missing = [name for name in needed if name not in found]
    if missing:
        raise SummaryError(
            f"{path.absolute()} has no table {', '.join(missing)} in schema {schema}: "
            "run `make build` first."
        )
    quoted = schema.replace('"', '""')
    connection.execute(f'use "{quoted}"')


def format_build(build: Build, path: Path, schema: str) -> str:
    """Write the summary, without a final line end."""
    customers = sum(tier.customer_count for tier in build.tiers if tier.code != "guest")
    revenue = sum((tier.net_revenue_amount for tier in build.tiers), Decimal(0))
    lines = [
        f"As of      {build.as_of_date or '(no date: no orders)'}",
        f"Customers  {customers:,}",
        f"Revenue    {revenue:,.2f}",
        f"Policy     {build.tiers[0].policy_name if build.tiers else '(none)'}",
        "",
    ]
    if customers == 0:
        lines += ["No customer has an order that counts, so there are no tiers.", ""]
    if build.tiers:
        lines += [*_tier_lines(build.tiers), ""]
    lines += _forecast_lines(build)
    lines += _input_lines(build)
    lines += ["", *_next_lines(path, schema)]
    return "\n".join(lines)


def _tier_lines(tiers: Sequence[Tier]) -> list[str]:
    header = ["Tier", "", "", "Customers", "Share", "Net revenue", "Share"]
    body = [
        [
            tier.code,
            tier.label_en,
            tier.label_zh,
            f"{tier.customer_count:,}",
            _percent(tier.customer_share),
            f"{tier.net_revenue_amount:,.2f}",
            _percent(tier.revenue_share),
        ]
        for tier in tiers
        if tier.code not in OUTSIDE_TIERS or tier.customer_count or tier.net_revenue_amount
    ]
    return _table([header, *body], left=3)


def _forecast_lines(build: Build) -> list[str]:
    """Say how the models of lifetime value did, best first, and whether they earn their place."""
    lines = []
    if build.forecasts:
        header = ["Lifetime value", "", "Expected", "Actual orders", "Error", "Error with total"]
        body = [
            [
                forecast.model_name,
                "chosen" if forecast.is_selected else "",
                f"{forecast.expected_orders:,.0f}",
                f"{forecast.actual_order_count:,}",
                f"{forecast.mean_absolute_error:.3f}",
                f"{forecast.holdout_error:.3f}",
            ]
            for forecast in build.forecasts
        ]
        lines += [*_table([header, *body], left=2), _verdict(build.forecasts)]
    if build.fallbacks:
        counted = sum(count for _, count in build.fallbacks)
        lines += [f"At the mean of all: {counted:,} customers, {_most_frequent(build.fallbacks)}"]
    return [*lines, ""] if lines else []


def _verdict(forecasts: Sequence[Forecast]) -> str:
    chosen = next((f for f in forecasts if f.is_selected and not f.is_baseline), None)
    if chosen is None:
        return "No model was fitted; these are the baselines a model would have to beat."
    better = [
        f.model_name for f in forecasts if f.is_baseline and f.holdout_error <= chosen.holdout_error
    ]
    share = chosen.interval_probability_share
    intervals = "" if share is None else f" Its 80 % intervals held {share:.0%}."
    if better:
        return f"{chosen.model_name} is not better than {', '.join(better)} here.{intervals}"
    return f"{chosen.model_name} errs less than every baseline.{intervals}"


def _input_lines(build: Build) -> list[str]:
    if not build.inputs:
        return ["No input rows were read."]
    header = ["Rows", "Read", "Accepted", "Collapsed", "Superseded", "Quarantined"]
    body = [[table, *(f"{count:,}" for count in counts)] for table, *counts in build.inputs]
    lines = _table([header, *body], left=1)
    read = sum(counts[0] for _, *counts in build.inputs)
    if build.reasons:
        refused = sum(count for _, count in build.reasons)
        lines += ["", f"Quarantined  {refused:,} of {read:,} rows: {_most_frequent(build.reasons)}"]
    if build.flags:
        flagged = sum(count for _, count in build.flags)
        lines += [] if build.reasons else [""]
        lines += [f"Flagged      {flagged:,}, which count: {_most_frequent(build.flags)}"]
    return lines


def _most_frequent(codes: Sequence[tuple[str, int]]) -> str:
    """Name the codes with the most rows, and how many rows bear another."""
    shown = [f"{code} {count:,}" for code, count in codes[:_CODES_SHOWN]]
    rest = sum(count for _, count in codes[_CODES_SHOWN:])
    return ", ".join([*shown, *([f"others {rest:,}"] if rest else [])])


def _next_lines(path: Path, schema: str) -> list[str]:
    queries = {
        "Tiers": f"from {schema}.dim_customer_tiers limit 20;",
        "Sizes": f"from {schema}.{TIER_TABLE};",
        "Left out": f"from {schema}.{QUARANTINE_TABLE} limit 20;",
        "Flagged": f"from {schema}.{FLAG_TABLE} limit 20;",
    }
    return [
        "Where to look next",
        f"  Database   {path.absolute()}",
        *(f"  {label:<9}  select * {query}" for label, query in queries.items()),
        "  Docs       make docs",
        "  Dashboard  make dashboard",
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def display_width(text: str) -> int:
    """Count terminal cells: two for wide and full-width characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def _table(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Align columns, the first ``left`` of them to the left."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            padding = " " * (width - display_width(cell))
            cells.append(cell + padding if place < left else padding + cell)
        lines.append("  ".join(cells).rstrip())
    return lines


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def main() -> int:
    """Print the summary; return 0, or 1 with the reason on standard error."""
    for stream in (sys.stdout, sys.stderr):
        # Labels are Chinese and a terminal may be ASCII: show a replacement rather than fail.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    path = database_path(os.environ)
    schema = os.environ.get("TIERWISE_SCHEMA") or "main"
    try:
        build = read_build(path, schema)
    except SummaryError as error:
        print(error, file=sys.stderr)
        return 1
    print(format_build(build, path, schema))
    return 0


if __name__ == "__main__":
    sys.exit(main())
