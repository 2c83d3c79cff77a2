"""Page with tables of the last build as Markdown: ``python -m tierwise.examples docs/examples.md``.

Reads the same database as ``tierwise.summary``. Every figure on the page is read from it.
"""

from __future__ import annotations

import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tierwise.summary import SummaryError, database_path, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    _Row = tuple[Any, ...]

_INTRODUCTION = """# What a build says

Tables of the demonstration (The Complete Journey, 2017), written by `make examples` from the last
build. A test writes the page again and compares.

## The advisor: `rpt_tier_policies_compared`

The active policy is in bold. [Choosing a tier policy](choosing-a-policy.md) says how to read it."""

_TABLES = (
    *("rpt_tier_policies_compared", "rpt_tier_kpis"),
    *("fct_tier_alerts", "fct_tier_explanations"),
)
_ADVISOR = """
    select
        case when is_active_policy then '**' || policy_name || '**' else policy_name end,
        tier_count, customer_count, largest_tier_share, mean_migration_rate_share,
        mean_accuracy_rank_correlation, mean_top_tier_lift, adjusted_rand_index,
        resampling_stability_share, period_count
    from rpt_tier_policies_compared
    order by mean_accuracy_rank_correlation desc nulls last, policy_name
"""
_MONTHS = """
    select
        period_end_date, member_count_start, member_count_end, up_count, down_count, joined_count,
        migration_rate_share, retention_share
    from rpt_tier_kpis
    where is_active_policy and is_complete_period and tier_code = '_all'
    order by period_end_date
"""
_ALERT_TYPES = """
    select alert_type, count(*), sum(value_at_stake_amount)
    from fct_tier_alerts
    where period_end_date = (
        select max(period_end_date) from rpt_tier_kpis where is_complete_period
    )
    group by alert_type
    order by count(*) desc, alert_type
"""
# The most valuable customer who fell in the last complete period, and what is said of her.
_ALERT = """
    select
        period_end_date, customer_id, previous_tier_code, tier_code, value_at_stake_amount,
        reason_en, reason_zh
    from fct_tier_alerts
    where
        alert_type = 'moved_down'
        and period_end_date = (
            select max(period_end_date) from rpt_tier_kpis where is_complete_period
        )
    order by alert_rank, customer_id
    limit 1
"""
_EXPLANATION = """
    with fallen as ({alert})
    select
        period_end_date, explanation_en, moved_en, next_tier_code, missing_points, missing_days,
        missing_orders, missing_amount
    from fct_tier_explanations
    where customer_id = (select customer_id from fallen)
    order by period_end_date
"""


def page(path: Path, schema: str) -> str:
    """Write the page: the advisor's table, the months, the alerts and one customer.

    Returns
    -------
    Markdown document. Shares are from 0 to 1, money is in base currency.

    Raises
    ------
    SummaryError : the database or one of the tables is missing, or cannot be read.
    """
    advisor, months, types, alerts, explained = read_rows(
        path,
        schema,
        _TABLES,
        [_ADVISOR, _MONTHS, _ALERT_TYPES, _ALERT, _EXPLANATION.format(alert=_ALERT)],
    )
    sections = [
        _INTRODUCTION,
        _table(
            "policy, tiers, customers, largest tier, migration rate, rank correlation with the "
            "next period, lift of the top tier, adjusted Rand index, stability, periods",
            advisor,
        ),
        "## The months of the active policy: `rpt_tier_kpis`",
        _table(
            "period end, members before, members at its end, up, down, new, migration rate, "
            "retention",
            months,
        ),
        "## Alerts of the last complete period: `fct_tier_alerts`",
        _table("type, alerts, value at stake", types),
        *_one_alert(alerts, explained),
    ]
    return "\n\n".join(sections) + "\n"


def _one_alert(alerts: Sequence[_Row], explained: Sequence[_Row]) -> list[str]:
    """Show the most valuable fall in both wordings, and what the explanations say of it."""
    if not alerts:
        return ["Nobody of the key tiers fell in that period."]
    [(end, customer, previous, tier, value, english, chinese)] = alerts
    fall = f"customer {customer}, {end}, from {previous} to {tier}, {_text(value)} at stake"
    return [
        f"The most valuable fall: {fall}.",
        f"> {english}",
        f"> {chinese}",
        "What `fct_tier_explanations` says of the same customer, the latest period last:",
        _table(
            "period end, why, what moved, next tier, missing points, missing days, missing orders, "
            "missing amount",
            explained,
        ),
    ]


def _table(header: str, rows: Sequence[_Row]) -> str:
    """Write a Markdown table; the names of its columns are separated by commas."""
    names = header.split(", ")
    cells = [names, ["---"] * len(names), *([_text(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _text(value: object) -> str:
    """Write a value for a cell: three digits of a share, thousands apart, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def main(arguments: list[str]) -> int:
    """Write the page to the path given; 0, or 1 with a message where that cannot be done."""
    if len(arguments) != 1:
        print("Say where to: python -m tierwise.examples docs/examples.md", file=sys.stderr)
        return 1
    try:
        text = page(database_path(os.environ), os.environ.get("TIERWISE_SCHEMA") or "main")
    except SummaryError as error:
        print(error, file=sys.stderr)
        return 1
    Path(arguments[0]).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
