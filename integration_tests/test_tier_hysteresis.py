"""Every way through three tiers in five months, under nine kinds of patience, with exceptions.

243 sequences of candidate tiers, each for a customer without exceptions, one with an override to
the top, one with an override to the bottom, and one who opted out.
"""

from __future__ import annotations

import datetime as dt
from itertools import product
from typing import TYPE_CHECKING

import pytest
from harness import Build, build_tables, copy_project, write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDS = [dt.date(2024, month + 1, 1) - dt.timedelta(days=1) for month in range(1, 6)]
AMOUNTS = {1: 200, 2: 100, 3: 10}
CODES = {1: "up", 2: "mid", 3: "low"}
SEQUENCES = list(product(AMOUNTS, repeat=len(ENDS)))
PATIENCE = {
    f"grace_{grace}_stay_{stay}": (grace, stay) for grace, stay in product((0, 1, 2), (0, 2, 3))
}
# From February on; the day after the last is in April, so it holds at the ends of two months.
OVERRIDDEN = {"raised": "up", "lowered": "low"}
VALID_FROM, VALID_TO = dt.date(2024, 2, 29), dt.date(2024, 4, 30)


def customer(sequence: Sequence[int], kind: str) -> str:
    return f"{kind}-{''.join(map(str, sequence))}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("hysteresis")
    project = copy_project(folder / "project")
    kinds = ["plain", *OVERRIDDEN, "opted_out"]
    orders = [
        f"{customer(sequence, kind)}-{end:%m},{customer(sequence, kind)},{end:%Y-%m}-01,{amount}"
        for sequence, kind in product(SEQUENCES, kinds)
        for end, amount in zip(ENDS, (AMOUNTS[tier] for tier in sequence), strict=True)
    ]
    write_csv(folder / "orders.csv", "order_id,customer_id,ordered_at,amount", orders)
    write_csv(
        folder / "customers.csv",
        "customer_id,profiling_opt_out",
        [f"{customer(sequence, 'opted_out')},yes" for sequence in SEQUENCES],
    )
    write_csv(
        project / "seeds" / "policy" / "tier_overrides.csv",
        "customer_id,policy_name,tier_code,valid_from,valid_to,reason,approved_by",
        [
            f"{customer(sequence, kind)},{policy},{code},{VALID_FROM},{VALID_TO},contract,sales"
            for sequence, policy in product(SEQUENCES, PATIENCE)
            for kind, code in OVERRIDDEN.items()
        ],
    )
    policies = {
        name: {
            "metric": "revenue",
            "method": "bands",
            "downgrade_grace_periods": grace,
            "minimum_stay_periods": stay,
            "tiers": [
                {"code": "up", "from": 150},
                {"code": "mid", "from": 50},
                {"code": "low", "from": 0},
            ],
        }
        for name, (grace, stay) in PATIENCE.items()
    }
    return build_tables(
        folder,
        project=project,
        settings={
            "tier_policies": policies,
            "active_tier_policy": next(iter(policies)),
            # What was bought on the first day of a month counts at its end, and no longer.
            "tier_value_window_days": 31,
            "as_of_date": ENDS[-1].isoformat(),
        },
        environment={
            "TIERWISE_ORDERS": str(folder / "orders.csv"),
            "TIERWISE_CUSTOMERS": str(folder / "customers.csv"),
        },
    ).succeeded()


def kept(sequence: Sequence[int], grace: int, stay: int) -> list[tuple[int, str | None]]:
    """Look back from each month: which tier people have, and what holds it above the candidate."""
    months: list[tuple[int, str | None]] = []
    for now, candidate in enumerate(sequence):
        if not months or candidate <= months[-1][0]:
            months.append((candidate, None))
            continue
        tier = months[-1][0]
        entered = now
        while entered > 0 and months[entered - 1][0] == tier:
            entered -= 1
        below = now
        while below > entered and sequence[below - 1] > tier:
            below -= 1
        if now - below < grace:
            months.append((tier, "held_by_grace"))
        elif now - entered < stay:
            months.append((tier, "held_by_minimum_stay"))
        else:
            months.append((candidate, None))
    return months


def expected(
    sequence: Sequence[int], kind: str, grace: int, stay: int
) -> list[tuple[str | None, str]]:
    if kind == "opted_out":
        return [(None, "opted_out")] * len(ENDS)
    rows: list[tuple[str | None, str]] = []
    before = None
    for end, (policy_tier, held) in zip(ENDS, kept(sequence, grace, stay), strict=True):
        is_overridden = kind in OVERRIDDEN and VALID_FROM <= end < VALID_TO
        tier = policy_tier
        if is_overridden:
            [tier] = [rank for rank, code in CODES.items() if code == OVERRIDDEN[kind]]
        if is_overridden:
            reason = "override"
        elif before is None:
            reason = "first_tier"
        elif tier != before:
            reason = "upgrade" if tier < before else "downgrade"
        else:
            reason = held or "unchanged"
        rows.append((CODES[tier], reason))
        before = tier
    return rows


@pytest.mark.parametrize("policy", PATIENCE)
def test_every_way_through_the_tiers(shop: Build, policy: str) -> None:
    found: dict[str, list[tuple[str | None, str]]] = {}
    candidates: dict[str, list[str | None]] = {}
    for row in shop.rows(
        "select customer_id, tier_code, reason_code, candidate_tier_code "
        "from fct_customer_tier_periods where policy_name = ? order by period_end_date",
        [policy],
    ):
        found.setdefault(row["customer_id"], []).append((row["tier_code"], row["reason_code"]))
        candidates.setdefault(row["customer_id"], []).append(row["candidate_tier_code"])
    kinds = ["plain", *OVERRIDDEN, "opted_out"]
    assert found == {
        customer(sequence, kind): expected(sequence, kind, *PATIENCE[policy])
        for sequence, kind in product(SEQUENCES, kinds)
    }
    for sequence in SEQUENCES:
        codes = [CODES[tier] for tier in sequence]
        assert [candidates[customer(sequence, kind)] for kind in kinds[:3]] == [codes] * 3
        assert candidates[customer(sequence, "opted_out")] == [None] * len(ENDS)


def test_each_reason_occurs(shop: Build) -> None:
    found = shop.query("select distinct reason_code from fct_customer_tier_periods")
    assert {reason for (reason,) in found} == {
        *("first_tier", "upgrade", "downgrade", "held_by_grace", "held_by_minimum_stay"),
        *("override", "opted_out", "unchanged"),
    }


def test_six_of_the_nine_kinds_of_patience_differ() -> None:
    # Whoever was below for a month of grace falls in the third month at the earliest: a stay of two
    # adds nothing to that, and none of these to two months of grace.
    ways = {tuple(tuple(kept(s, *patience)) for s in SEQUENCES) for patience in PATIENCE.values()}
    assert len(ways) == 6


def test_overrides_are_all_reported_as_expired(shop: Build) -> None:
    assert shop.query("select override_status, count(*) from rpt_tier_overrides group by 1") == [
        ("expired", len(SEQUENCES) * len(PATIENCE) * len(OVERRIDDEN))
    ]


def test_nobody_who_opted_out_is_in_an_alert_or_an_explanation(shop: Build) -> None:
    for table in ("fct_tier_alerts", "fct_tier_explanations", "fct_tier_migrations"):
        [(rows, opted_out)] = shop.query(
            f"select count(*), count(*) filter (starts_with(customer_id, 'opted_out')) from {table}"  # noqa: S608 - names above
        )
        assert rows > 0, table
        assert opted_out == 0, table
