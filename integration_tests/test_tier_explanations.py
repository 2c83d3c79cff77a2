"""Explanations and alerts of the demonstration, worked out again without the project's SQL."""

from __future__ import annotations

import bisect
import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from harness import Build

TIERS = ((12, "top"), (9, "potential"), (6, "general"), (3, "dormant"))
CUT_OFFS = {code: lowest for lowest, code in TIERS}
RANKS = {code: rank for rank, (_, code) in enumerate(TIERS, start=1)}
KEY_TIERS = ("top", "potential")
CENT = Decimal("0.01")
DIMENSIONS = {"r": "recency_days", "f": "rfm_order_count", "m": "rfm_monetary_amount"}


def tier_of(total: int) -> str:
    return next(code for lowest, code in TIERS if total >= lowest)


def score(letter: str, value: float, cuts: list[float]) -> int:
    """Count the cut points strictly below the value; few days are good."""
    passed = bisect.bisect_left(cuts, value)
    return 5 - passed if letter == "r" else 1 + passed


@pytest.fixture(scope="module")
def explained(demo: Build) -> dict[dt.date, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in demo.rows("select * from fct_tier_explanations"):
        found[row["period_end_date"]].append(row)
    return found


@pytest.fixture(scope="module")
def cut_points(
    explained: dict[dt.date, list[dict[str, Any]]],
) -> dict[dt.date, dict[str, list[float]]]:
    """Everybody is explained, so the quantiles of the explanations are those of everybody."""
    return {
        day: {
            letter: np.quantile([float(row[column]) for row in rows], [0.2, 0.4, 0.6, 0.8]).tolist()
            for letter, column in DIMENSIONS.items()
        }
        for day, rows in explained.items()
    }


def test_everybody_is_explained_in_the_latest_two_periods(
    demo: Build, explained: dict[dt.date, list[dict[str, Any]]]
) -> None:
    assert set(explained) == {dt.date(2017, 12, 31), dt.date(2018, 1, 1)}
    tiers = demo.query(
        "select period_end_date, customer_id, tier_code from fct_customer_tier_periods "
        "where policy_name = 'rfm_total' and period_end_date >= date '2017-12-31'"
    )
    assert len(tiers) == 2 * 2469
    assert set(tiers) == {
        (day, row["customer_id"], row["tier_code"])
        for day, rows in explained.items()
        for row in rows
    }


def test_scores_and_tier_follow_from_the_row(
    explained: dict[dt.date, list[dict[str, Any]]],
    cut_points: dict[dt.date, dict[str, list[float]]],
) -> None:
    for day, rows in explained.items():
        for row in rows:
            scores = {}
            for letter, column in DIMENSIONS.items():
                cuts = cut_points[day][letter]
                # The project interpolates with the same formula in another order.
                near = min(abs(cut - float(row[column])) for cut in cuts)
                assert near == 0 or near > 1e-6
                scores[letter] = score(letter, float(row[column]), cuts)
                assert row[f"{letter}_score"] == row[f"{letter}_points"] == scores[letter]
                passed = 5 - scores[letter] if letter == "r" else scores[letter] - 1
                bounds = [None, *cuts, None][passed : passed + 2]
                shown = [row[f"{letter}_lower_cut"], row[f"{letter}_upper_cut"]]
                for bound, value in zip(bounds, shown, strict=True):
                    assert (bound is None) == (value is None)
                    assert bound is None or value == pytest.approx(bound, rel=1e-12)
            total = sum(scores.values())
            assert row["metric_value"] == total
            assert row["tier_code"] == row["candidate_tier_code"] == tier_of(total)
            assert row["cut_off_value"] == CUT_OFFS[tier_of(total)]
            assert row["explanation_en"] == (
                f"{row['tier_label_en']}: R {scores['r']} + F {scores['f']} + M {scores['m']} = "
                f"{total}, at least {int(row['cut_off_value'])}."
            )


def test_what_is_missing_is_found_by_trying(
    explained: dict[dt.date, list[dict[str, Any]]],
    cut_points: dict[dt.date, dict[str, list[float]]],
) -> None:
    """Of each customer every day and order is tried, and of amounts the cents around the answer."""
    found = Counter[str]()
    for day, rows in explained.items():
        cuts = cut_points[day]
        most_orders = int(cuts["f"][-1]) + 1
        for row in rows:
            others = {letter: row["metric_value"] - row[f"{letter}_score"] for letter in DIMENSIONS}
            goal = next((low for low, _ in reversed(TIERS) if low > row["metric_value"]), None)
            assert row["next_cut_off_value"] == goal
            if goal is None:
                assert row["missing_points"] is row["missing_days"] is row["missing_orders"] is None
                assert row["missing_amount"] is None
                continue
            assert row["missing_points"] == goal - row["metric_value"]
            assert row["next_tier_code"] == tier_of(goal)
            days = next(
                (
                    fewer
                    for fewer in range(row["recency_days"] + 1)
                    if others["r"] + score("r", row["recency_days"] - fewer, cuts["r"]) >= goal
                ),
                None,
            )
            assert row["missing_days"] == days
            orders = next(
                (
                    more
                    for more in range(1, most_orders + 1)
                    if others["f"] + score("f", row["rfm_order_count"] + more, cuts["f"]) >= goal
                ),
                None,
            )
            assert row["missing_orders"] == orders
            amount, missing = row["rfm_monetary_amount"], row["missing_amount"]
            if missing is None:
                assert others["m"] + 5 < goal
            else:
                assert others["m"] + score("m", float(amount + missing), cuts["m"]) >= goal
                assert others["m"] + score("m", float(amount + missing - CENT), cuts["m"]) < goal
            found.update(
                [
                    name
                    for name in ("missing_days", "missing_orders", "missing_amount")
                    if row[name] is not None
                ]
            )
    assert min(found.values()) > 1000


def test_what_moved_is_the_difference_of_two_rows(
    explained: dict[dt.date, list[dict[str, Any]]],
) -> None:
    before = {row["customer_id"]: row for row in explained[dt.date(2017, 12, 31)]}
    for row in explained[dt.date(2018, 1, 1)]:
        last = before[row["customer_id"]]
        assert row["previous_tier_code"] == last["tier_code"]
        assert row["recency_days_change"] == row["recency_days"] - last["recency_days"]
        assert row["rfm_order_change"] == row["rfm_order_count"] - last["rfm_order_count"]
        assert row["rfm_monetary_change_amount"] == (
            row["rfm_monetary_amount"] - last["rfm_monetary_amount"]
        )
        moved = [x for x in "rfm" if row[f"{x}_score"] != last[f"{x}_score"]]
        assert row["moved_by"] == "".join(moved)
        for letter in "rfm":
            assert (f"{letter.upper()} rose" in row["moved_en"]) == (
                row[f"{letter}_score"] > last[f"{letter}_score"]
            )
            assert (f"{letter.upper()} fell" in row["moved_en"]) == (
                row[f"{letter}_score"] < last[f"{letter}_score"]
            )


def what_holds(
    now: dict[str, Any], then: dict[str, Any] | None, *, is_quiet: bool
) -> dict[str, Decimal]:
    """Say which conditions hold of a customer, and what is at stake, from first principles."""
    was_key = then is not None and then["tier_code"] in KEY_TIERS
    is_key = now["tier_code"] in KEY_TIERS
    holds = {}
    if then is not None:
        rise = RANKS[then["tier_code"]] - RANKS[now["tier_code"]]
        if was_key and rise < 0:
            holds["moved_down"] = then["value_amount"]
        if is_key and rise > 0:
            holds["moved_up"] = now["value_amount"]
        # 5 % of 9 or 12 is less than a point.
        is_on_the_line = now["metric_value"] in (9, 12)
        if is_key and is_on_the_line and now["metric_value"] < then["metric_value"]:
            holds["about_to_move_down"] = now["value_amount"]
    if is_quiet and (is_key or was_key):
        holds["silent"] = now["value_amount"]
    return holds


def is_late(bought: list[dt.date], end: dt.date) -> bool:
    so_far = [day for day in bought if day <= end]
    gaps = [(after - day).days for day, after in pairwise(so_far)]
    return len(gaps) >= 2 and (end - so_far[-1]).days > 2 * Fraction(sum(gaps), len(gaps))


def conditions(demo: Build) -> dict[dt.date, dict[tuple[str, str], Decimal]]:
    """Say for each period with one before it what holds of whom."""
    history: defaultdict[dt.date, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in demo.rows("select * from fct_customer_tier_periods where policy_name = 'rfm_total'"):
        history[row["period_end_date"]][row["customer_id"]] = row
    bought: defaultdict[str, list[dt.date]] = defaultdict(list)
    for customer, day in demo.query(
        "select customer_id, order_date from int_orders_accepted "
        "where is_purchase group by all order by all"
    ):
        bought[customer].append(day)
    alive = dict(demo.query("select customer_id, probability_alive from fct_customer_clv"))
    return {
        end: {
            (customer, kind): amount
            for customer, now in history[end].items()
            for kind, amount in what_holds(
                now,
                history[start].get(customer),
                is_quiet=is_late(bought[customer], end)
                or (end == max(history) and alive[customer] < 0.5),
            ).items()
        }
        for start, end in pairwise(sorted(history))
    }


def test_alerts_are_those_that_begin(demo: Build) -> None:
    found = conditions(demo)
    alerts: defaultdict[dt.date, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)
    for row in demo.rows("select * from fct_tier_alerts"):
        alerts[row["period_end_date"]][row["customer_id"], row["alert_type"]] = row
    assert set(alerts) == set(found)
    earlier: dict[tuple[str, str], Decimal] = {}
    for end, holds in sorted(found.items()):
        begun = {key: amount for key, amount in holds.items() if key not in earlier}
        assert {key: row["value_at_stake_amount"] for key, row in alerts[end].items()} == begun, end
        amounts = sorted(begun.values(), reverse=True)
        for key, row in alerts[end].items():
            assert row["alert_rank"] == 1 + amounts.index(begun[key])
        earlier = holds
    kinds = Counter(kind for rows in alerts.values() for _, kind in rows)
    assert set(kinds) == {"moved_up", "moved_down", "about_to_move_down", "silent"}


def test_no_alert_is_raised_in_two_periods_in_a_row(demo: Build) -> None:
    days = [day for (day,) in demo.query("select period_end_date from util_periods order by 1")]
    raised = set(demo.query("select customer_id, alert_type, period_end_date from fct_tier_alerts"))
    for start, end in pairwise(days):
        assert not [key for *key, day in raised if day == end and (*key, start) in raised]


def test_sentences_hold_the_figures(demo: Build) -> None:
    labels = dict(
        demo.query(
            "select tier_code, tier_label_en from int_tiers_configured "
            "where policy_name = 'rfm_total'"
        )
    )
    for row in demo.rows("select * from fct_tier_alerts"):
        assert f"; {row['recency_days']} days since the last order" in row["reason_en"]
        assert f"距最近一次购买 {row['recency_days']} 天" in row["reason_zh"]
        now, then = labels[row["tier_code"]], labels.get(row["previous_tier_code"])
        start = {
            "moved_down": f"Fell from {then} to {now}, cut-off of the tier left ",
            "moved_up": f"Rose from {then} to {now}, which begins at ",
            "about_to_move_down": f"About to leave {now}, which begins at ",
            "silent": f"Silent in {now};",
        }[row["alert_type"]]
        assert row["reason_en"].startswith(start)
