"""Customer lifetime value through the real build: published numbers, and a shop counted by hand.

CDNOW is the sample that the papers on these models print their results for. The shop is made by
rule, with every mishap that a history can have, and each history is counted again without SQL.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from background import made_in_background
from harness import DATABASE, ONLY_TABLES, Build, Case, package_path, run_dbt, run_many, write_csv
from tierwise.clv.cells import Cells
from tierwise.clv.fitting import fit_gamma_gamma, fit_orders
from tierwise.clv.gamma_gamma import expected_spend
from tierwise.clv.order_models import ORDER_MODELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tierwise.clv.fitting import Fit

    Numbers = np.ndarray[Any, Any]

BUILD_CLV = (
    *("build", *ONLY_TABLES),
    *("--select", "+fct_customer_clv", "+rpt_clv_backtest", "+fct_clv_parameters"),
)
HORIZON_DAYS = 365
BASELINES = ("same_rate", "hiatus_rule", "population_mean")


# CDNOW: the customers of one tenth of a shop, as in the papers

CDNOW_END = dt.date(1998, 6, 30)
CDNOW_CALIBRATION_END = dt.date(1997, 9, 30)
CDNOW_HOLDOUT_DAYS = 273

# Fader, Hardie, Lee (2005), Fader, Hardie (2013), and the notes that go with them.
PUBLISHED = {
    "bg_nbd": ((0.2426, 4.4136, 0.7929, 2.4259), -9582.43, 2357),
    "pareto_nbd": ((0.5533, 10.578, 0.6062, 11.669), -9594.98, 2357),
    "mbg_nbd": ((0.525, 6.183, 0.891, 1.614), -9582.14, 2357),
    "gamma_gamma": ((6.25, 3.744, 15.444), -4055.92, 946),
}
# Orders per customer in the holdout, by repeat orders before it: 0, 1 ... 6, 7 and more.
PUBLISHED_BY_FREQUENCY = (0.2251, 0.5231, 1.0441, 1.5203, 2.1638, 2.6538, 3.5040, 6.1570)
# Mean absolute error, root mean squared error, correlation, and the total, which was 1882.
PUBLISHED_ERRORS = {
    "pareto_nbd": (0.7545, 1.6028, 0.6302, 1665.5),
    "bg_nbd": (0.7855, 1.608, 0.6256, 1653.4),
    "mbg_nbd": (0.7648, 1.6072, 0.6273, 1576.7),
    "same_rate": (1.0237, 2.2119, 0.5839, 2930.1),
}


@made_in_background
def cdnow_sample(folder: Path) -> Build:
    lines = (
        f"{number},{customer},{day:%Y-%m-%d},{amount}"
        for number, (customer, day, amount) in enumerate(cdnow_orders())
    )
    path = write_csv(folder / "orders.csv", "order_id,customer_id,ordered_at,amount", lines)
    # The unit and the holdout are read while the models are parsed.
    return run_dbt(
        folder,
        *BUILD_CLV,
        settings={
            "clv_time_unit": "weeks",
            "clv_holdout_days": CDNOW_HOLDOUT_DAYS,
            "zero_amount_is_purchase": True,
            "as_of_date": str(CDNOW_END),
        },
        environment={"TIERWISE_ORDERS": str(path)},
    ).succeeded()


@cache
def cdnow_orders() -> tuple[tuple[str, dt.date, Decimal], ...]:
    path = package_path("lifetimes", "datasets/CDNOW_sample.txt")
    rows = [line.split() for line in path.read_text("ascii").splitlines() if line.strip()]
    return tuple(
        (customer, dt.date.fromisoformat(day), Decimal(amount))
        for _, customer, day, _, amount in rows
    )


@dataclass(frozen=True)
class Histories:
    """What the customers did, in days, one place per customer in the order of their names."""

    names: list[str]
    frequency: Numbers
    recency: Numbers
    age: Numbers
    repeat_amount: Numbers
    later: Numbers

    def cells(self, unit: float) -> Cells:
        return Cells.of(self.frequency, self.recency / unit, self.age / unit)

    def only(self, members: set[str]) -> Histories:
        kept = np.array([name in members for name in self.names])
        names = [name for name in self.names if name in members]
        columns = (self.frequency, self.recency, self.age, self.repeat_amount, self.later)
        return Histories(names, *(column[kept] for column in columns))


@cache
def cdnow_histories(end: dt.date) -> Histories:
    days: defaultdict[str, defaultdict[dt.date, Decimal]]
    days = defaultdict(lambda: defaultdict(Decimal))
    for customer, day, amount in cdnow_orders():
        days[customer][day] += amount
    rows = []
    for bought in (days[name] for name in sorted(days)):
        first, *repeats = (day for day in sorted(bought) if day <= end)
        last = repeats[-1] if repeats else first
        spent = float(sum(bought[day] for day in repeats))
        later = sum(end < day for day in bought)
        rows.append((len(repeats), (last - first).days, (end - first).days, spent, later))
    return Histories(sorted(days), *np.array(rows, dtype=np.float64).T)


@cache
def cdnow_fit(name: str, end: dt.date) -> Fit:
    return fit_orders(ORDER_MODELS[name], cdnow_histories(end).cells(7))


def cdnow_expected(name: str) -> Numbers:
    """Expect orders of the holdout, one per customer."""
    seen = cdnow_histories(CDNOW_CALIBRATION_END)
    if name in ORDER_MODELS:
        fit = cdnow_fit(name, CDNOW_CALIBRATION_END)
        return ORDER_MODELS[name].conditional_expected_orders(
            seen.cells(7), fit.parameters, CDNOW_HOLDOUT_DAYS / 7
        )
    if name == "population_mean":
        mean_rate = seen.frequency.sum() / seen.age.sum()
        return np.full(len(seen.age), mean_rate * CDNOW_HOLDOUT_DAYS)
    same_rate = seen.frequency / seen.age * CDNOW_HOLDOUT_DAYS
    if name == "same_rate":
        return same_rate
    hiatus = seen.age - seen.recency
    by_rule = [np.where(hiatus <= days, same_rate, 0) for days in np.unique(hiatus)]
    return min(by_rule, key=lambda expected: np.abs(expected - seen.later).sum())


def test_the_cdnow_sample_is_the_published_one() -> None:
    seen = cdnow_histories(CDNOW_CALIBRATION_END)
    assert len(seen.names) == 2357
    assert (seen.frequency.sum(), np.sum(seen.frequency == 0)) == (2457, 1411)
    assert (seen.later.sum(), np.sum(seen.later > 0)) == (1882, 684)
    assert (CDNOW_END - CDNOW_CALIBRATION_END).days == CDNOW_HOLDOUT_DAYS


@pytest.mark.parametrize("name", PUBLISHED)
def test_fits_of_cdnow_are_the_published_ones(cdnow_sample: Build, name: str) -> None:
    parameters, log_likelihood, customers = PUBLISHED[name]
    rows = cdnow_sample.rows(
        "select * from fct_clv_parameters where fit_window = 'calibration' and model_name = ? "
        "order by parameter_rank",
        [name],
    )
    assert [row["parameter_value"] for row in rows] == pytest.approx(parameters, rel=1e-3)
    for row in rows:
        assert row["clv_group"] == "all"
        assert row["is_converged"]
        assert row["failure_reason"] is None
        assert row["customer_count"] == customers
        assert row["log_likelihood"] == pytest.approx(log_likelihood, abs=1e-2)
    assert {row["parameter_name"]: row["parameter_unit"] for row in rows}.items() >= (
        {"gamma": "base currency"} if name == "gamma_gamma" else {"alpha": "weeks", "r": "1"}
    ).items()


def test_bg_nbd_expects_the_published_orders_of_each_frequency(cdnow_sample: Build) -> None:
    rows = cdnow_sample.rows(
        "select * from rpt_clv_backtest where breakdown = 'frequency' and model_name = 'bg_nbd' "
        "order by bucket"
    )
    seen = cdnow_histories(CDNOW_CALIBRATION_END)
    bucket = np.minimum(seen.frequency, 7)
    assert [row["bucket"] for row in rows] == list(range(8))
    assert [row["customer_count"] for row in rows] == [np.sum(bucket == k) for k in range(8)]
    assert [row["actual_order_count"] for row in rows] == [
        seen.later[bucket == k].sum() for k in range(8)
    ]
    assert sum(row["actual_order_count"] for row in rows) == 1882
    assert [row["expected_orders"] / row["customer_count"] for row in rows] == pytest.approx(
        PUBLISHED_BY_FREQUENCY, abs=1e-3
    )


def test_every_breakdown_of_the_backtest_adds_up_to_the_same(cdnow_sample: Build) -> None:
    # The sums are of decimals with six places, which a double shows without loss.
    rows = cdnow_sample.rows(
        "select model_name, breakdown, sum(customer_count) as customers, "
        "sum(actual_order_count) as actual, "
        "sum(cast(expected_orders as decimal(18, 6))) as expected "
        "from rpt_clv_backtest where breakdown <> 'week' group by 1, 2"
    )
    found = {(row["model_name"], row["breakdown"]): row for row in rows}
    assert len(found) == 3 * (len(ORDER_MODELS) + len(BASELINES))
    for name in (*ORDER_MODELS, *BASELINES):
        overall = found[name, "overall"]
        assert (overall["customers"], overall["actual"]) == (2357, 1882)
        for breakdown in ("frequency", "decile"):
            for column in ("customers", "actual", "expected"):
                assert found[name, breakdown][column] == overall[column], (name, breakdown, column)


@pytest.mark.parametrize("name", [*ORDER_MODELS, *BASELINES])
def test_errors_in_the_holdout_are_those_of_the_customers(cdnow_sample: Build, name: str) -> None:
    actual = cdnow_histories(CDNOW_CALIBRATION_END).later
    expected = cdnow_expected(name)
    error = expected - actual
    [row] = cdnow_sample.rows(
        "select * from rpt_clv_backtest where breakdown = 'overall' and model_name = ?", [name]
    )
    assert row["is_baseline"] == (name in BASELINES)
    assert row["expected_orders"] == pytest.approx(expected.sum(), rel=1e-5)
    assert row["mean_absolute_error"] == pytest.approx(np.abs(error).mean(), abs=1e-5)
    assert row["root_mean_squared_error"] == pytest.approx(np.sqrt((error**2).mean()), abs=1e-5)
    assert row["holdout_error"] == pytest.approx(
        abs(error.sum()) / len(error) + np.abs(error).mean(), abs=1e-5
    )
    if name != "population_mean":
        correlation = np.corrcoef(expected, actual)[0, 1]
        assert row["orders_correlation"] == pytest.approx(correlation, abs=1e-5)
    if name in PUBLISHED_ERRORS:
        columns = ("mean_absolute_error", "root_mean_squared_error", "orders_correlation")
        *errors, total = PUBLISHED_ERRORS[name]
        assert [row[column] for column in columns] == pytest.approx(errors, abs=1e-4)
        assert row["expected_orders"] == pytest.approx(total, abs=0.1)


def test_what_is_the_same_for_all_has_no_correlation(cdnow_sample: Build) -> None:
    assert cdnow_sample.query(
        "select orders_correlation from rpt_clv_backtest "
        "where breakdown = 'overall' and model_name = 'population_mean'"
    ) == [(None,)]


def test_the_model_with_the_least_error_is_selected(cdnow_sample: Build) -> None:
    rows = cdnow_sample.rows(
        "select model_name, holdout_error, is_selected from rpt_clv_backtest "
        "where breakdown = 'overall' and not is_baseline order by holdout_error"
    )
    assert [row["is_selected"] for row in rows] == [True, False, False]
    assert rows[0]["model_name"] == "pareto_nbd"
    assert cdnow_sample.query("select distinct clv_method, clv_reason from fct_customer_clv") == [
        ("pareto_nbd", "least_holdout_error")
    ]


@pytest.mark.parametrize("name", ORDER_MODELS)
def test_orders_by_week_are_those_of_the_file(cdnow_sample: Build, name: str) -> None:
    days: defaultdict[str, set[dt.date]] = defaultdict(set)
    for customer, day, _ in cdnow_orders():
        days[customer].add(day)
    firsts = [min(bought) for bought in days.values()]
    start = min(firsts)
    repeats = Counter(day for bought in days.values() for day in bought - {min(bought)})
    by_age = ORDER_MODELS[name].expected_orders_new(
        np.arange((CDNOW_END - start).days + 1) / 7,
        cdnow_fit(name, CDNOW_CALIBRATION_END).parameters,
    )
    rows = cdnow_sample.rows(
        "select * from rpt_clv_backtest where breakdown = 'week' and model_name = ? "
        "order by bucket",
        [name],
    )
    assert [row["bucket"] for row in rows] == list(range(1, 1 + (CDNOW_END - start).days // 7))
    for row in rows:
        end = start + dt.timedelta(weeks=row["bucket"])
        assert row["actual_order_count"] == sum(n for day, n in repeats.items() if day <= end)
        ages = [(end - day).days for day in firsts if day <= end]
        assert row["expected_orders"] == pytest.approx(by_age[ages].sum(), abs=2e-3)


def test_values_of_customers_are_those_of_the_selected_model(cdnow_sample: Build) -> None:
    seen = cdnow_histories(CDNOW_END)
    rows = cdnow_sample.by("customer_id", "fct_customer_clv")
    assert sorted(rows) == seen.names
    fit = cdnow_fit("pareto_nbd", CDNOW_END)
    model, cells, horizon = ORDER_MODELS["pareto_nbd"], seen.cells(7), HORIZON_DAYS / 7
    is_in = seen.repeat_amount > 0
    mean_spend = seen.repeat_amount / np.maximum(seen.frequency, 1)
    spend = fit_gamma_gamma(seen.frequency[is_in], mean_spend[is_in], np.ones(is_in.sum()))
    a_week = math.log(1.1) / 365.25 * 7
    amount = expected_spend(seen.frequency, mean_spend, spend.parameters)
    discounted = model.discounted_expected_orders(cells, fit.parameters, horizon, a_week)
    for column, values, tolerance in (
        ("repeat_day_count", seen.frequency, 0),
        ("last_repeat_days", seen.recency, 0),
        ("customer_age_days", seen.age, 0),
        ("probability_alive", model.probability_alive(cells, fit.parameters), 1e-6),
        (
            "expected_orders",
            model.conditional_expected_orders(cells, fit.parameters, horizon),
            1e-5,
        ),
        (
            "probability_of_order",
            model.probability_of_order(cells, fit.parameters, horizon),
            1e-6,
        ),
        ("expected_order_amount", amount, 0.006),
        ("clv_amount", discounted * amount, 0.02),
        ("clv_profit_amount", discounted * amount * 0.3, 0.02),
    ):
        found = np.array([float(rows[name][column]) for name in seen.names])
        # Cents of profit are rounded order by order.
        relative = 2e-3 if column == "clv_profit_amount" else 1e-9
        assert found == pytest.approx(values, abs=tolerance, rel=relative), column
    for row in rows.values():
        assert 0 <= row["expected_orders_lower"] <= row["expected_orders_upper"]
        assert 0 <= row["clv_lower_amount"] <= row["clv_upper_amount"]


# The shop: histories with mishaps, counted again from the rows

SHOP_END = dt.date(2024, 6, 30)
SHOP_CALIBRATION_END = dt.date(2024, 4, 1)
SHOP_START = dt.date(2023, 1, 1)
SHOP_SETTINGS: dict[str, object] = {"as_of_date": str(SHOP_END)}


class Order(NamedTuple):
    order_id: str
    customer_id: str
    ordered_at: dt.date
    amount: Decimal
    channel: str


class Refund(NamedTuple):
    refund_id: str
    order_id: str
    refunded_at: dt.date
    amount: Decimal


class Shop(NamedTuple):
    orders: list[Order]
    refunds: list[Refund]
    opted_out: set[str]


# What each of them shows is in the name: orders, then refunds of the order of a day.
BY_HAND: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str, str]]]] = {
    "two a day": (
        [
            ("2024-01-10", "10"),
            ("2024-01-10", "5"),
            ("2024-02-10", "20"),
            ("2024-02-10", "7"),
        ],
        [],
    ),
    "refunded in the holdout": (
        [("2024-01-05", "10"), ("2024-03-05", "30"), ("2024-03-20", "8")],
        [("2024-03-20", "2024-05-01", "8")],
    ),
    "first day refunded in the holdout": (
        [("2023-12-01", "10"), ("2024-02-01", "30"), ("2024-03-01", "8")],
        [("2023-12-01", "2024-05-01", "10")],
    ),
    "all refunded in the holdout": (
        [("2024-01-05", "10"), ("2024-02-05", "20")],
        [("2024-01-05", "2024-05-01", "10"), ("2024-02-05", "2024-05-02", "20")],
    ),
    "all refunded before": ([("2024-01-05", "10")], [("2024-01-05", "2024-01-06", "10")]),
    "refund to come": (
        [("2024-01-05", "10"), ("2024-02-05", "20")],
        [("2024-02-05", "2024-07-01", "20")],
    ),
    "half refunded in the holdout": (
        [("2024-01-05", "10"), ("2024-02-05", "20")],
        [("2024-02-05", "2024-06-30", "7.50")],
    ),
    "free at times": (
        [
            ("2024-01-01", "0"),
            ("2024-02-01", "12"),
            ("2024-02-15", "0"),
            ("2024-03-01", "9"),
            ("2024-03-01", "0"),
            ("2024-05-15", "0"),
        ],
        [],
    ),
    "only free": ([("2024-01-01", "0"), ("2024-02-01", "0")], []),
    "dear at first": ([("2024-01-01", "500"), ("2024-02-01", "10"), ("2024-03-01", "20")], []),
    "on the border": ([("2024-03-01", "10"), ("2024-04-01", "20"), ("2024-04-02", "40")], []),
    "new in the holdout": ([("2024-05-01", "10"), ("2024-06-01", "20")], []),
    "came once": ([("2024-01-01", "10")], []),
    "came today": ([("2024-06-30", "10")], []),
    "to come": ([("2024-07-01", "10")], []),
    "opted out": ([("2024-01-01", "10"), ("2024-02-01", "10")], []),
}


class Till:
    """Takes orders and refunds, and numbers them."""

    def __init__(self) -> None:
        self.made = Shop([], [], {"opted out"})

    def order(self, customer: str, day: dt.date, amount: Decimal, channel: str) -> Order:
        orders = self.made.orders
        orders.append(Order(f"o{len(orders)}", customer, day, amount, channel))
        return orders[-1]

    def refund(self, order: Order, day: dt.date, amount: Decimal) -> None:
        refunds = self.made.refunds
        refunds.append(Refund(f"r{len(refunds)}", order.order_id, day, amount))


@cache
def shop() -> Shop:
    till = Till()
    for customer, (orders, refunds) in BY_HAND.items():
        placed = {day: till.order(customer, _day(day), Decimal(paid), "") for day, paid in orders}
        for bought, day, amount in refunds:
            till.refund(placed[bought], _day(day), Decimal(amount))
    rng = np.random.default_rng(4)
    for number in range(400):
        buy_at_random(till, f"c{number:03}", rng)
    return till.made


def buy_at_random(till: Till, customer: str, rng: np.random.Generator) -> None:
    """Order at a rate of one's own until leaving, twice on some days, and return some of it."""
    first_channel = channel = str(rng.choice(["web", "app"], p=[0.75, 0.25]))
    day = SHOP_START + dt.timedelta(days=int(rng.integers(0, 500)))
    rate, leaves, spend = rng.gamma(1.2, 1 / 40), rng.beta(1, 6), 240 / rng.gamma(4)
    if rng.random() < 0.03:
        till.made.opted_out.add(customer)
    # Whoever returns a whole order keeps to one channel: no other can be called the first.
    returns_all = rng.random() < 0.3
    while day <= SHOP_END + dt.timedelta(days=20):
        for _ in range(1 + int(rng.random() < 0.1)):
            paid = Decimal(f"{5 + rng.gamma(6, spend / 6):.2f}") * int(rng.random() > 0.05)
            order = till.order(customer, day, paid, channel)
            if paid and rng.random() < 0.1:
                share = 1 if returns_all else Decimal("0.25")
                back = day + dt.timedelta(days=int(rng.integers(0, 120)))
                till.refund(order, back, round(paid * share, 2))
        if rng.random() < leaves:
            break
        day += dt.timedelta(days=1 + int(rng.exponential(1 / rate)))
        channel = first_channel if returns_all else str(rng.choice(["web", "app"]))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def shop_files(folder: Path) -> dict[str, str]:
    environment = {}
    made = shop()
    for table, names, lines in (
        ("orders", Order._fields, made.orders),
        ("refunds", Refund._fields, made.refunds),
        ("customers", ("customer_id", "profiling_opt_out"), [(n, "yes") for n in made.opted_out]),
    ):
        texts = (",".join(map(str, line)) for line in sorted(lines))
        path = write_csv(folder / f"{table}.csv", ",".join(names), texts)
        environment[f"TIERWISE_{table.upper()}"] = str(path)
    return environment


@made_in_background
def clv_shops(folder: Path) -> dict[str, Build]:
    """Build the shop with settings of which none is read while models are parsed."""
    environment = shop_files(folder)
    settings: dict[str, dict[str, object]] = {
        "as shipped": {},
        "too short": {"clv_min_history_days": 600},
        "by channel": {"clv_group": "acquisition_channel"},
    }
    outcomes = run_many(
        folder,
        {
            name: Case(json.dumps(SHOP_SETTINGS | given), environment, BUILD_CLV)
            for name, given in settings.items()
        },
    )
    return {
        name: Build(
            folder / str(number) / DATABASE, 0 if outcome.success else 1, outcome.output
        ).succeeded()
        for number, (name, outcome) in enumerate(outcomes.items())
    }


@made_in_background
def clv_shop_of_too_few(folder: Path) -> Build:
    # The number is read while the models are parsed.
    return run_dbt(
        folder,
        *BUILD_CLV,
        settings=SHOP_SETTINGS | {"clv_min_repeat_customers": 1000},
        environment=shop_files(folder),
    ).succeeded()


@pytest.fixture
def every_shop(clv_shops: dict[str, Build], clv_shop_of_too_few: Build) -> dict[str, Build]:
    return clv_shops | {"too few": clv_shop_of_too_few}


def known_days(end: dt.date) -> dict[str, dict[dt.date, Decimal]]:
    """Count what was known at the end of a day: the purchase days of each customer, and the net."""
    made = shop()
    refunded: defaultdict[str, Decimal] = defaultdict(Decimal)
    for refund in made.refunds:
        if refund.refunded_at <= end:
            refunded[refund.order_id] += refund.amount
    days: defaultdict[str, defaultdict[dt.date, Decimal]]
    days = defaultdict(lambda: defaultdict(Decimal))
    for order in made.orders:
        left = order.amount - refunded[order.order_id]
        if order.ordered_at <= end and left > 0 and order.customer_id not in made.opted_out:
            days[order.customer_id][order.ordered_at] += left
    return {customer: dict(sorted(bought.items())) for customer, bought in days.items()}


def summarised(bought: Mapping[dt.date, Decimal], end: dt.date) -> tuple[object, ...]:
    """Count first day, repeat days, days to the last, age, and net amount of the repeats."""
    if not bought:
        return None, None, None, None, Decimal(0)
    first, *repeats = bought
    last = repeats[-1] if repeats else first
    amount = sum((bought[day] for day in repeats), Decimal(0))
    return first, len(repeats), (last - first).days, (end - first).days, amount


@cache
def shop_histories(end: dt.date) -> Histories:
    days = known_days(end)
    later = known_days(SHOP_END)
    rows = []
    for name in sorted(days):
        _, frequency, recency, age, amount = summarised(days[name], end)
        bought = sum(day > end for day in later.get(name, ()))
        rows.append([float(str(n)) for n in (frequency, recency, age, amount, bought)])
    return Histories(sorted(days), *np.array(rows).T)


FULL = (
    *("first_order_date", "repeat_day_count", "last_repeat_days", "customer_age_days"),
    "repeat_net_amount",
)
CALIBRATION = (
    *("calibration_first_order_date", "calibration_repeat_day_count"),
    *("calibration_last_repeat_days", "calibration_age_days", "calibration_repeat_net_amount"),
)


def built(row: Mapping[str, Any], columns: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(row[column] for column in columns)


def test_the_shop_has_what_it_is_to_show() -> None:
    made = shop()
    placed = {order.order_id: order for order in made.orders}
    whole = [r for r in made.refunds if r.amount == placed[r.order_id].amount]
    held = [
        placed[r.order_id].ordered_at <= SHOP_CALIBRATION_END < r.refunded_at <= SHOP_END
        for r in whole
    ]
    assert sum(held) >= 9
    assert len(made.refunds) - len(whole) >= 30
    assert sum(order.amount == 0 for order in made.orders) >= 60
    days = Counter((order.customer_id, order.ordered_at) for order in made.orders)
    assert sum(count > 1 for count in days.values()) >= 60
    assert len(made.opted_out) >= 8
    assert len(shop_histories(SHOP_END).names) >= 350
    assert (SHOP_END - SHOP_CALIBRATION_END).days == 90


def test_every_history_is_the_one_counted_from_the_rows(clv_shops: dict[str, Build]) -> None:
    rows = clv_shops["as shipped"].by("customer_id", "int_customers_clv_summarised")
    full, calibration = known_days(SHOP_END), known_days(SHOP_CALIBRATION_END)
    assert set(rows) == set(full) | set(calibration)
    for name, row in rows.items():
        bought = full.get(name, {})
        later = {day: amount for day, amount in bought.items() if day > SHOP_CALIBRATION_END}
        assert row["as_of_date"] == SHOP_END
        assert row["calibration_end_date"] == SHOP_CALIBRATION_END
        assert built(row, FULL) == summarised(bought, SHOP_END), name
        assert built(row, CALIBRATION) == summarised(
            calibration.get(name, {}), SHOP_CALIBRATION_END
        ), name
        assert row["holdout_day_count"] == len(later), name
        assert row["holdout_net_amount"] == sum(later.values(), Decimal(0)), name
        # Its cost is not known; cents of profit are rounded order by order.
        assert row["profit_share"] == pytest.approx(0.3, abs=2e-3), name


@pytest.mark.parametrize(
    ("name", "calibration", "full"),
    [
        ("two a day", ("2024-01-10", 1, 31, 82, "27"), ("2024-01-10", 1, 31, 172, "27")),
        (
            "refunded in the holdout",
            ("2024-01-05", 2, 75, 87, "38"),
            ("2024-01-05", 1, 60, 177, "30"),
        ),
        (
            "first day refunded in the holdout",
            ("2023-12-01", 2, 91, 122, "38"),
            ("2024-02-01", 1, 29, 150, "8"),
        ),
        ("all refunded in the holdout", ("2024-01-05", 1, 31, 87, "20"), None),
        ("refund to come", ("2024-01-05", 1, 31, 87, "20"), ("2024-01-05", 1, 31, 177, "20")),
        (
            "half refunded in the holdout",
            ("2024-01-05", 1, 31, 87, "20"),
            ("2024-01-05", 1, 31, 177, "12.50"),
        ),
        ("free at times", ("2024-02-01", 1, 29, 60, "9"), ("2024-02-01", 1, 29, 150, "9")),
        ("dear at first", ("2024-01-01", 2, 60, 91, "30"), ("2024-01-01", 2, 60, 181, "30")),
        ("on the border", ("2024-03-01", 1, 31, 31, "20"), ("2024-03-01", 2, 32, 121, "60")),
        ("new in the holdout", None, ("2024-05-01", 1, 31, 60, "20")),
        ("came once", ("2024-01-01", 0, 0, 91, "0"), ("2024-01-01", 0, 0, 181, "0")),
        ("came today", None, ("2024-06-30", 0, 0, 0, "0")),
    ],
)
def test_histories_by_hand(
    clv_shops: dict[str, Build],
    name: str,
    calibration: tuple[str, int, int, int, str] | None,
    full: tuple[str, int, int, int, str] | None,
) -> None:
    row = clv_shops["as shipped"].by("customer_id", "int_customers_clv_summarised")[name]
    for columns, expected in ((CALIBRATION, calibration), (FULL, full)):
        if expected is None:
            assert row[columns[0]] is None
            continue
        first, *numbers, amount = expected
        assert built(row, columns) == (_day(first), *numbers, Decimal(amount))


def test_whoever_opted_out_or_never_bought_has_no_value(every_shop: dict[str, Build]) -> None:
    nobody = {"only free", "all refunded before", "to come", *shop().opted_out}
    for build in every_shop.values():
        assert not nobody & set(build.by("customer_id", "int_customers_clv_summarised"))
        values = build.by("customer_id", "fct_customer_clv")
        assert not (nobody | {"all refunded in the holdout"}) & set(values)


def test_each_customer_has_one_value_in_every_build(every_shop: dict[str, Build]) -> None:
    for build in every_shop.values():
        # `by` refuses a name that comes twice.
        assert sorted(build.by("customer_id", "fct_customer_clv")) == shop_histories(SHOP_END).names


def test_every_value_of_a_fitted_shop_comes_from_the_model(clv_shops: dict[str, Build]) -> None:
    rows = clv_shops["as shipped"].by("customer_id", "fct_customer_clv")
    [(method, reason)] = {(row["clv_method"], row["clv_reason"]) for row in rows.values()}
    assert (method in ORDER_MODELS, reason) == (True, "least_holdout_error")
    seen = shop_histories(SHOP_END)
    model = ORDER_MODELS[method]
    expected = model.conditional_expected_orders(
        seen.cells(1), fit_orders(model, seen.cells(1)).parameters, HORIZON_DAYS
    )
    found = [rows[name]["expected_orders"] for name in seen.names]
    assert found == pytest.approx(expected, rel=1e-5)
    for row in rows.values():
        assert row["clv_group"] == "all"
        assert None not in row.values()
        assert 0 <= row["expected_orders_lower"] <= row["expected_orders_upper"]
        assert 0 <= row["clv_lower_amount"] <= row["clv_upper_amount"]
        assert row["clv_profit_amount"] <= row["clv_amount"]


def spend_of_the_population(build: Build) -> float:
    values = dict(
        build.query(
            "select parameter_name, parameter_value from fct_clv_parameters "
            "where model_name = 'gamma_gamma' and fit_window = 'full' and clv_group = 'all'"
        )
    )
    return float(values["p"] * values["gamma"] / (values["q"] - 1))


def test_whoever_came_once_is_expected_to_spend_what_all_do(clv_shops: dict[str, Build]) -> None:
    build = clv_shops["as shipped"]
    rows = build.by("customer_id", "fct_customer_clv")
    once = [row for row in rows.values() if row["repeat_day_count"] == 0]
    assert len(once) > 50
    assert {row["customer_age_days"] for row in once} > {0, 181}
    # To the cent, so whatever they paid the first time.
    assert {row["spend_method"] for row in once} == {"gamma_gamma"}
    [amount] = {row["expected_order_amount"] for row in once}
    assert float(amount) == pytest.approx(spend_of_the_population(build), abs=0.0051)


# Too thin to be fitted


@pytest.mark.parametrize(
    ("name", "reason"),
    [("too few", "too_few_repeat_customers"), ("too short", "history_too_short")],
)
def test_thin_data_fall_back_on_the_mean_rate(
    every_shop: dict[str, Build], name: str, reason: str
) -> None:
    build = every_shop[name]
    seen = shop_histories(SHOP_END)
    rows = build.by("customer_id", "fct_customer_clv")
    mean = seen.frequency.sum() / seen.age.sum() * HORIZON_DAYS
    assert len({row["expected_orders"] for row in rows.values()}) == 1
    for row in rows.values():
        assert (row["clv_method"], row["clv_reason"]) == ("fallback", reason)
        assert row["expected_orders"] == pytest.approx(mean, rel=1e-12)
        for column in (
            *("probability_alive", "probability_of_order"),
            *("expected_orders_lower", "expected_orders_upper"),
            *("clv_lower_amount", "clv_upper_amount"),
        ):
            assert row[column] is None
        # A year of orders spread evenly, each counted for less the later it comes.
        days = np.arange(HORIZON_DAYS) + 0.5
        discounted = float(row["expected_orders"]) * (1.1 ** (-days / 365.25)).mean()
        amount = float(row["expected_order_amount"])
        assert float(row["clv_amount"]) == pytest.approx(
            discounted * amount, abs=0.006 * (1 + discounted)
        )
    assert build.query("select distinct model_name from rpt_clv_backtest where is_selected") == [
        ("population_mean",)
    ]
    assert build.query("select count(*) from fct_clv_parameters where is_selected") == [(0,)]


def test_a_shop_of_too_few_is_not_fitted_at_all(clv_shop_of_too_few: Build) -> None:
    assert clv_shop_of_too_few.query("select count(*) from fct_clv_parameters") == [(0,)]
    seen = shop_histories(SHOP_END)
    mean = seen.repeat_amount.sum() / seen.frequency.sum()
    [(method, amount)] = clv_shop_of_too_few.query(
        "select distinct spend_method, expected_order_amount from fct_customer_clv"
    )
    assert method == "population_mean"
    assert float(amount) == pytest.approx(mean, abs=0.0051)


# Groups


def acquired_by(channel: str) -> set[str]:
    """Find whose first order that counts came by a channel."""
    first: dict[str, Order] = {}
    for order in shop().orders:
        known = first.get(order.customer_id)
        if order.amount > 0 and (known is None or order.ordered_at < known.ordered_at):
            first[order.customer_id] = order
    return {name for name, order in first.items() if order.channel == channel}


def test_a_thick_channel_has_fits_of_its_own_and_a_thin_one_those_of_all(
    clv_shops: dict[str, Build],
) -> None:
    build, together = clv_shops["by channel"], clv_shops["as shipped"]
    thick = acquired_by("web").intersection(shop_histories(SHOP_END).names)
    seen = shop_histories(SHOP_CALIBRATION_END)
    repeaters = {
        channel: int(np.sum(seen.only(acquired_by(channel)).frequency > 0))
        for channel in ("web", "app", "")
    }
    assert repeaters["web"] >= 100 > repeaters["app"] > 10
    rows = build.by("customer_id", "fct_customer_clv")
    assert {name for name, row in rows.items() if row["clv_group"] != "all"} == thick
    assert {rows[name]["clv_group"] for name in thick} == {"acquisition_channel: web"}

    pooled = together.by("customer_id", "fct_customer_clv")
    for name in set(rows) - thick:
        assert rows[name] == pooled[name]
    assert any(rows[name]["expected_orders"] != pooled[name]["expected_orders"] for name in thick)


@pytest.mark.parametrize("name", ORDER_MODELS)
def test_the_fit_of_a_channel_is_that_of_its_members(
    clv_shops: dict[str, Build], name: str
) -> None:
    rows = clv_shops["by channel"].rows(
        "select * from fct_clv_parameters where model_name = ? order by parameter_rank", [name]
    )
    assert {row["clv_group"] for row in rows} == {"all", "acquisition_channel: web"}
    for end, window in ((SHOP_CALIBRATION_END, "calibration"), (SHOP_END, "full")):
        everybody = shop_histories(end)
        for group, members in (
            ("all", everybody),
            ("acquisition_channel: web", everybody.only(acquired_by("web"))),
        ):
            fit = fit_orders(ORDER_MODELS[name], members.cells(1))
            own = [r for r in rows if (r["fit_window"], r["clv_group"]) == (window, group)]
            assert [row["parameter_value"] for row in own] == pytest.approx(
                fit.parameters.tolist(), rel=1e-4
            )
            assert {row["customer_count"] for row in own} == {len(members.names)}


def test_the_backtest_judges_each_group_by_its_members(clv_shops: dict[str, Build]) -> None:
    seen = shop_histories(SHOP_CALIBRATION_END)
    later = {
        group: (len(part.names), part.later.sum())
        for group, part in (
            ("all", seen),
            ("acquisition_channel: web", seen.only(acquired_by("web"))),
        )
    }
    rows = clv_shops["by channel"].rows(
        "select * from rpt_clv_backtest where breakdown = 'overall'"
    )
    assert Counter(row["clv_group"] for row in rows) == dict.fromkeys(later, 6)
    for row in rows:
        assert (row["customer_count"], row["actual_order_count"]) == later[row["clv_group"]]
