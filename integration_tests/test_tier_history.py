"""The tiers of every period, recounted from the raw Parquet in exact arithmetic, and replayed."""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pytest
from harness import DATABASE, Build, Case, build_tables, build_tables_quickly, run_many, write_csv
from test_complete_journey import exact_cut_points, raw, recount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from test_complete_journey import Recount

__all__ = ["raw", "recount"]

MONTH_ENDS = [dt.date(2017, month + 1, 1) - dt.timedelta(days=1) for month in range(1, 12)]
MONTH_ENDS.append(dt.date(2017, 12, 31))
AS_OF = dt.date(2018, 1, 1)
PERIODS = [*MONTH_ENDS, AS_OF]

# What the policies look at, of one household at the end of a period: integers, money in cents.
Measures = dict[str, dict[str, int]]


def measures_at(recount: Recount, end: dt.date) -> Measures:
    measures: Measures = {
        name: {} for name in ("recency", "frequency", "monetary", "revenue", "abc")
    }
    for (household, day), (orders, amount) in recount.days.items():
        if day > end:
            continue
        age = (end - day).days
        recency = measures["recency"].get(household)
        measures["recency"][household] = age if recency is None else min(age, recency)
        for name, value, counts in (
            ("frequency", orders, age < 365),
            ("monetary", amount, age < 365),
            ("revenue", amount, age < 365),
            ("abc", amount, True),
        ):
            before = measures[name].get(household, 0)
            measures[name][household] = before + (value if counts else 0)
    return measures


def scores(values: Mapping[str, int], count: int, *, fewest_is_best: bool) -> dict[str, int]:
    cuts = exact_cut_points(values.values(), count)
    passed = {name: sum(cut < value for cut in cuts) for name, value in values.items()}
    return {n: count - p if fewest_is_best else 1 + p for n, p in passed.items()}


def total_of_scores(measures: Measures, count: int) -> dict[str, int]:
    three = [
        scores(measures[name], count, fewest_is_best=name == "recency")
        for name in ("recency", "frequency", "monetary")
    ]
    return {name: sum(score[name] for score in three) for name in three[0]}


def in_bands(values: Mapping[str, Any], bands: Sequence[tuple[Any, str]]) -> dict[str, str]:
    return {
        name: next(code for lowest, code in bands if value >= lowest)
        for name, value in values.items()
    }


def by_share(values: Mapping[str, int], shares: Sequence[tuple[Fraction, str]]) -> dict[str, str]:
    """Put customers with equal values where the first of them is."""
    number = Counter(values.values())
    ordered = sorted(number, reverse=True)
    before = dict(
        zip(ordered, accumulate((number[value] for value in ordered), initial=0), strict=False)
    )
    return {
        name: next(c for s, c in shares if Fraction(before[value], len(values)) < s)
        for name, value in values.items()
    }


def abc(values: Mapping[str, int]) -> dict[str, str]:
    number = Counter(values.values())
    ordered = sorted(number, reverse=True)
    before = dict(
        zip(ordered, accumulate((v * number[v] for v in ordered), initial=0), strict=False)
    )
    total = sum(values.values())
    lines = ((Fraction(4, 5), "a"), (Fraction(19, 20), "b"))
    return {
        name: next((c for s, c in lines if before[v] < s * total), "c")
        for name, v in values.items()
    }


def percentile_ranks(values: Mapping[str, int], *, fewest_is_best: bool) -> dict[str, Fraction]:
    number = Counter(values.values())
    ordered = sorted(number, reverse=fewest_is_best)
    below = dict(zip(ordered, accumulate((number[v] for v in ordered), initial=0), strict=False))
    return {name: (below[v] + Fraction(number[v], 2)) / len(values) for name, v in values.items()}


def weighted_index(measures: Measures) -> dict[str, Fraction]:
    weights = {"recency": 1, "frequency": 1, "monetary": 2}
    ranks = {n: percentile_ranks(measures[n], fewest_is_best=n == "recency") for n in weights}
    return {
        household: sum(ranks[name][household] * weight for name, weight in weights.items()) / 4
        for household in measures["recency"]
    }


def tiers_by_hand(measures: Measures) -> dict[str, dict[str, str]]:
    high_mid_low = ((Fraction(1, 5), "high"), (Fraction(1, 2), "mid"), (Fraction(1), "low"))
    quarters = ((Fraction(3, 4), "first"), (Fraction(1, 2), "second"), (Fraction(1, 4), "third"))
    return {
        "rfm_total": in_bands(
            total_of_scores(measures, 5),
            ((12, "top"), (9, "potential"), (6, "general"), (3, "dormant")),
        ),
        "rfm_level": in_bands(total_of_scores(measures, 3), ((7, "high"), (5, "mid"), (3, "low"))),
        "value_percentile": by_share(measures["revenue"], high_mid_low),
        "value_goal": in_bands(measures["revenue"], ((10_000_000, "vip"), (0, "regular"))),
        "abc": abc(measures["abc"]),
        "weighted_index": in_bands(weighted_index(measures), (*quarters, (0, "fourth"))),
    }


def history(build: Build, where: str = "true") -> list[dict[str, Any]]:
    order = "order by policy_name, period_end_date, customer_id"
    return build.rows(f"select * from fct_customer_tier_periods where {where} {order}")  # noqa: S608


@pytest.fixture(scope="session")
def by_hand(recount: Recount) -> dict[dt.date, tuple[Measures, dict[str, dict[str, str]]]]:
    found = {}
    for end in PERIODS:
        measures = measures_at(recount, end)
        found[end] = (measures, tiers_by_hand(measures))
    return found


def test_there_is_a_row_for_every_month_of_2017_and_the_as_of_date(demo: Build) -> None:
    assert [row[0] for row in demo.query("from util_periods order by 1")] == PERIODS


@pytest.mark.parametrize(
    "policy",
    ["rfm_total", "rfm_level", "value_percentile", "value_goal", "abc", "weighted_index"],
)
def test_tiers_of_all_periods_from_the_raw_orders(
    demo: Build, by_hand: Mapping[dt.date, Any], policy: str
) -> None:
    before: dict[str, str] = {}
    ranks = "select tier_code, tier_rank from int_tiers_configured where policy_name = ?"
    order: dict[str, int] = dict(demo.query(ranks, [policy]))
    movements = 0
    for end in PERIODS:
        measures, tiers = by_hand[end]
        rows = history(demo, f"policy_name = '{policy}' and period_end_date = date '{end}'")
        assert {row["customer_id"]: row["candidate_tier_code"] for row in rows} == tiers[policy]
        for row in rows:
            household, tier = row["customer_id"], row["tier_code"]
            assert tier == row["candidate_tier_code"]
            assert row["recency_days"] == measures["recency"][household]
            assert row["rfm_order_count"] == measures["frequency"][household]
            assert row["value_amount"] == Decimal(measures["revenue"][household]).scaleb(-2)
            assert row["previous_tier_code"] == before.get(household)
            if household not in before:
                reason = "first_tier"
            elif order[tier] < order[before[household]]:
                reason = "upgrade"
            elif order[tier] > order[before[household]]:
                reason = "downgrade"
            else:
                reason = "unchanged"
            movements += reason in ("upgrade", "downgrade")
            assert row["reason_code"] == reason
        before = {row["customer_id"]: row["tier_code"] for row in rows}
    assert movements > 500 or policy == "value_goal"


def sums_of_squares(values: Sequence[int], counts: Sequence[int]) -> Any:  # noqa: ANN401
    """Return a function of two places: deviations from the mean between them, exactly."""
    n = [0, *accumulate(counts)]
    s = [0, *accumulate(v * c for v, c in zip(values, counts, strict=True))]
    q = [0, *accumulate(v * v * c for v, c in zip(values, counts, strict=True))]
    return lambda i, j: q[j] - q[i] - Fraction((s[j] - s[i]) ** 2, n[j] - n[i])


def test_natural_breaks_cannot_be_moved_for_the_better(
    demo: Build, by_hand: Mapping[dt.date, Any]
) -> None:
    # Necessary for the least sum of squares, and exact: no border may move by one value. That the
    # least is found at all is shown on small inputs (python/tests/test_natural_breaks.py).
    for end in PERIODS[::4]:
        revenue = by_hand[end][0]["revenue"]
        number = Counter(revenue.values())
        values = sorted(number)
        cost = sums_of_squares(values, [number[v] for v in values])
        rows = history(
            demo, f"policy_name = 'value_natural_breaks' and period_end_date = date '{end}'"
        )
        tier = {revenue[row["customer_id"]]: row["candidate_tier_code"] for row in rows}
        codes = [tier[value] for value in values]
        assert list(dict.fromkeys(codes)) == ["low", "mid", "high", "very_high"]
        borders = [0, *(codes.index(code) for code in ("mid", "high", "very_high")), len(values)]
        for place in (1, 2, 3):
            low, here, high = borders[place - 1 : place + 2]
            found = cost(low, here) + cost(here, high)
            for other in (here - 1, here + 1):
                assert found <= cost(low, other) + cost(other, high)


HISTORY_MODELS = [
    *("util_as_of_dates", "util_periods", "fct_customer_tier_periods"),
    "int_periods_fingerprinted+,+fct_customer_tier_periods",
]


@pytest.fixture(scope="module")
def replays(demo: Build, tmp_path_factory: pytest.TempPathFactory) -> dict[dt.date, Build]:
    folder = tmp_path_factory.mktemp("replays")
    databases = {end: folder / "built" / str(end) / DATABASE for end in MONTH_ENDS}
    cases = {}
    for end, database in databases.items():
        database.parent.mkdir(parents=True)
        shutil.copy(demo.database, database)
        cases[str(end)] = Case(
            settings=f"as_of_date: '{end}'",
            environment={"TIERWISE_DATABASE": str(database)},
            arguments=("run", "--full-refresh", "--select", *HISTORY_MODELS),
        )
    outcomes = run_many(folder / "runs", cases)
    return {
        end: Build(database, 0 if outcome.success else 1, outcome.output).succeeded()
        for (end, database), outcome in zip(databases.items(), outcomes.values(), strict=True)
    }


@pytest.mark.parametrize("end", MONTH_ENDS, ids=str)
def test_a_past_date_built_alone_gives_the_stored_rows(
    demo: Build, replays: dict[dt.date, Build], end: dt.date
) -> None:
    replayed = replays[end]
    assert replayed.query("select max(period_end_date) from fct_customer_tier_periods") == [(end,)]
    # Lifetime value is fitted for the as-of date of a whole build alone.
    of_the_past = f"policy_name <> 'clv' and period_end_date <= date '{end}'"
    stored = history(demo, of_the_past)
    assert history(replayed, of_the_past) == stored
    assert {row["period_end_date"] for row in stored} == {d for d in MONTH_ENDS if d <= end}


ORDERS = "order_id,customer_id,ordered_at,amount"


def small_shop(until: dt.date) -> list[str]:
    """Forty customers with rhythms and amounts of their own, seeded by arithmetic alone."""
    rows = []
    for customer in range(40):
        day = dt.date(2024, 1, 1) + dt.timedelta(days=customer)
        number = 0
        while day <= until:
            amount = 5 + (customer * 37 + number * 61) % 200
            rows.append(f"{customer}-{number},c{customer},{day}T10:00:00,{amount}.50")
            day += dt.timedelta(days=5 + (customer * 7 + number * 3) % 45)
            number += 1
    return rows


def test_later_orders_change_no_earlier_period_and_increments_equal_a_full_refresh(
    tmp_path: Path,
) -> None:
    settings = {
        "tier_policies": {
            "patient": {
                "metric": "rfm_total",
                "method": "bands",
                "downgrade_grace_periods": 1,
                "minimum_stay_periods": 2,
                "tiers": [
                    {"code": "up", "from": 11},
                    {"code": "mid", "from": 7},
                    {"code": "low", "from": 3},
                ],
            },
            "value": {
                "metric": "revenue",
                "method": "percentile",
                "tiers": [{"code": "up", "top_share": 0.3}, {"code": "low", "top_share": 1}],
            },
        },
        "active_tier_policy": "patient",
    }
    middle, last = dt.date(2024, 9, 17), dt.date(2024, 12, 20)
    everything, earlier = small_shop(last), small_shop(middle)
    later = sorted(set(everything) - set(earlier))
    options: dict[str, Any] = {
        "settings": settings,
        "environment": {"TIERWISE_ORDERS": str(tmp_path / "in" / "*.csv")},
    }
    write_csv(tmp_path / "in" / "a.csv", ORDERS, earlier)
    first = build_tables(tmp_path / "shop", **options).succeeded()
    before = history(first, f"period_end_date < date '{middle}'")
    assert {row["reason_code"] for row in before} >= {"held_by_grace", "upgrade", "downgrade"}
    assert len({row["period_end_date"] for row in before}) == 8
    fingerprints = dict(
        first.query("select period_end_date, period_fingerprint from int_periods_fingerprinted")
    )

    write_csv(tmp_path / "in" / "b.csv", ORDERS, later)
    second = build_tables(tmp_path / "shop", **options).succeeded()
    assert history(second, f"period_end_date < date '{middle}'") == before
    after = dict(
        second.query("select period_end_date, period_fingerprint from int_periods_fingerprinted")
    )
    kept = {end for end, fingerprint in fingerprints.items() if after.get(end) == fingerprint}
    assert kept == {end for end in fingerprints if end < middle}

    # One order of May that comes in December: periods before May are left alone, the others not.
    write_csv(tmp_path / "in" / "c.csv", ORDERS, ["late,c3,2024-05-20T10:00:00,900.00"])
    early, may = "period_end_date < date '2024-05-20'", "period_end_date = date '2024-05-31'"
    early_before, may_before = history(second, early), history(second, may)
    third = build_tables(tmp_path / "shop", **options).succeeded()
    assert history(third, early) == early_before
    assert history(third, may) != may_before
    whole = build_tables(tmp_path / "whole", **options).succeeded()
    for table in (
        "fct_customer_tier_periods",
        "int_customer_periods_measured",
        "fct_tier_cut_offs",
    ):
        rows = [sorted(map(repr, build.query(f"from {table}"))) for build in (third, whole)]
        assert rows[0] == rows[1]


LATE = [
    "1,steady,2024-01-01T10:00:00,10.00,2024-01-01T10:00:00Z",
    "2,steady,2024-04-20T10:00:00,10.00,2024-04-20T10:00:00Z",
    # Of February, first heard of on 5 March; its correction in April is no news of another order.
    "3,late,2024-02-10T10:00:00,70.00,2024-03-05T09:00:00Z",
    "3,late,2024-02-10T10:00:00,80.00,2024-04-01T09:00:00Z",
    # Said on the last evening of February in Kiritimati, which is 28 February in UTC.
    "4,zoned,2024-02-15T10:00:00,50.00,2024-02-28T12:00:00Z",
]


@pytest.mark.parametrize(
    ("basis", "late_at_the_end_of_february"), [("order_date", [80]), ("known_date", [])]
)
def test_late_orders_count_from_the_day_the_setting_says(
    tmp_path: Path, basis: str, late_at_the_end_of_february: list[int]
) -> None:
    orders = write_csv(tmp_path / "orders.csv", ORDERS + ",updated_at", LATE)
    built = build_tables_quickly(
        tmp_path / "shop",
        settings={"history_basis": basis, "business_timezone": "Pacific/Kiritimati"},
        environment={"TIERWISE_ORDERS": str(orders)},
    ).succeeded()

    def values(customer: str, end: str) -> list[int]:
        return [
            int(value)
            for (value,) in built.query(
                "select value_amount from fct_customer_tier_periods "
                "where policy_name = 'value_goal' and customer_id = ? and period_end_date = ?",
                [customer, end],
            )
        ]

    assert values("late", "2024-02-29") == late_at_the_end_of_february
    assert values("late", "2024-03-31") == [80]
    assert values("zoned", "2024-02-29") == [50]
    assert values("steady", "2024-01-31") == [10]


def test_nobody_is_lost_between_periods(demo: Build) -> None:
    by_period: defaultdict[tuple[str, dt.date], int] = defaultdict(int)
    for policy, end, count in demo.query(
        "select policy_name, period_end_date, count(*) from fct_customer_tier_periods group by 1, 2"
    ):
        by_period[policy, end] = count
    measured = dict(
        demo.query("select period_end_date, count(*) from int_customer_periods_measured group by 1")
    )
    for (policy, end), count in by_period.items():
        assert count == measured[end], policy
