"""Small shops, written by hand, through the real build; the definitions say what to expect.

Each build is one shop. Where customers do not touch each other's values, many cases share a shop.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from background import made_in_background
from harness import (
    PROJECT,
    Build,
    build_tables,
    build_tables_quickly,
    copy_project,
    dbt_environment,
    write_csv,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ORDERS = "order_id,customer_id,ordered_at,amount"


def build_shop(
    folder: Path,
    orders: Iterable[str],
    *,
    header: str = ORDERS,
    settings: dict[str, object] | None = None,
    project: Path | None = None,
    **tables: tuple[str, list[str]],
) -> Build:
    """Build from hand-written tables: their header and their lines."""
    environment = {"TIERWISE_ORDERS": str(write_csv(folder / "orders.csv", header, orders))}
    for table, (table_header, lines) in tables.items():
        path = write_csv(folder / f"{table}.csv", table_header, lines)
        environment[f"TIERWISE_{table.upper()}"] = str(path)
    if project is None and "natural_breaks" not in (settings or {}).values():
        return build_tables_quickly(folder, settings=settings, environment=environment).succeeded()
    return build_tables(
        folder, settings=settings, environment=environment, project=project or PROJECT
    ).succeeded()


def scores(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["r_score"], row["f_score"], row["m_score"]


def amounts(build: Build, table: str, column: str) -> dict[str, Decimal]:
    return {name: row[column] for name, row in build.by("customer_id", table).items()}


# One customer only


@made_in_background
def one_customer(folder: Path) -> Build:
    return build_shop(folder, ["1,only,2024-01-01,10.00", "2,only,2024-03-01,30.00"])


def test_one_customer_is_class_a_and_recent(one_customer: Build) -> None:
    [row] = one_customer.rows("select * from dim_customer_tiers")
    assert row["as_of_date"] == row["last_order_date"] == dt.date(2024, 3, 1)
    assert row["recency_days"] == 0
    assert (row["rfm_order_count"], row["rfm_monetary_amount"]) == (2, Decimal("40.00"))
    # Every cut point is the customer's own value, and nothing is strictly below it.
    assert scores(row) == (5, 1, 1)
    assert (row["rfm_cell"], row["rfm_total_score"]) == ("511", 7)
    assert (row["tier_code"], row["tier_label_en"], row["tier_label_zh"]) == (
        "general",
        "General",
        "一般",
    )
    assert (row["segment_code"], row["value_segment_code"]) == ("new_customers", "general_develop")
    assert (row["abc_class"], row["abc_rank"]) == ("A", 1)


def test_one_customer_has_all_of_the_revenue(one_customer: Build) -> None:
    [abc] = one_customer.rows("select * from fct_customer_abc_classes")
    assert (abc["metric_share"], abc["share_before"], abc["cumulative_share"]) == (1, 0, 1)
    [concentration] = one_customer.rows(
        "select * from rpt_abc_concentration where subject = 'customer'"
    )
    assert concentration["gini_coefficient"] == 0
    assert concentration["top_20_percent_share"] == 1
    summary = one_customer.by("tier_code", "rpt_tier_summary", "is_active_policy")
    assert set(summary) == {"top", "potential", "general", "dormant", "untiered", "guest"}
    for code, row in summary.items():
        counted = 1 if code == "general" else 0
        assert row["customer_count"] == row["customer_share"] == row["revenue_share"] == counted
        assert row["net_revenue_amount"] == 40 * counted


def test_a_shop_with_orders_only_has_empty_tables_for_the_rest(one_customer: Build) -> None:
    for table in ("fct_product_abc_classes", "int_refunds_checked", "int_products_checked"):
        assert one_customer.query(f"select count(*) from {table}") == [(0,)]  # noqa: S608
    assert one_customer.query(
        "select source_table, read_count, accepted_count from rpt_input_reconciliation"
    ) == [("orders", 2, 2)]


# All customers equal


@made_in_background
def all_equal(folder: Path) -> Build:
    return build_shop(folder, [f"{n},customer {n},2024-05-05,19.99" for n in range(1, 8)])


def test_equal_customers_are_treated_equally(all_equal: Build) -> None:
    rows = all_equal.rows("select * from dim_customer_tiers")
    assert len(rows) == 7
    assert {scores(row) for row in rows} == {(5, 1, 1)}
    assert {row["tier_code"] for row in rows} == {"general"}
    # One block, nothing before it: all are class A and first.
    assert {(row["abc_class"], row["abc_rank"]) for row in rows} == {("A", 1)}
    abc = all_equal.rows("select * from fct_customer_abc_classes")
    assert {(row["share_before"], row["cumulative_share"]) for row in abc} == {(0, 1)}
    [concentration] = all_equal.rows(
        "select * from rpt_abc_concentration where subject = 'customer'"
    )
    assert concentration["gini_coefficient"] == pytest.approx(0, abs=1e-15)
    # The top fifth of seven customers is two.
    assert concentration["top_20_percent_share"] == pytest.approx(2 / 7)


# Nobody is left


@made_in_background
def nothing_counts(folder: Path) -> Build:
    return build_shop(
        folder,
        [
            "1,cancelled,2024-01-05,10.00,cancelled",
            "2,unknown,2024-01-06,10.00,teleported",
            "3,negative,2024-01-06,-5.00,paid",
            "4,words,2024-01-06,ten,paid",
            "5,february,2024-02-30,10.00,paid",
        ],
        header=f"{ORDERS},status",
        # Three quarters of the revenue are quarantined, which is to be seen and not to be stopped.
        settings={"quarantined_revenue_limit": None},
        customers=("customer_id", ["prospect"]),
    )


def test_orders_that_never_counted_give_no_tiers(nothing_counts: Build) -> None:
    rows = nothing_counts.by("customer_id", "dim_customer_tiers")
    # The cancelled order was accepted, so its customer is known and its day is the latest.
    assert {name: row["customer_stage"] for name, row in rows.items()} == {
        "cancelled": "non_buyer",
        "prospect": "prospect",
    }
    for row in rows.values():
        assert row["as_of_date"] == dt.date(2024, 1, 5)
        assert row["tier_code"] is None
        assert row["untiered_reason"] == "no_purchase"
        assert row["lifetime_order_count"] == row["lifetime_net_revenue_amount"] == 0
    for table in ("fct_customer_rfm_scores", "fct_customer_abc_classes", "rpt_abc_concentration"):
        assert nothing_counts.query(f"select count(*) from {table}") == [(0,)]  # noqa: S608
    summary = nothing_counts.by("tier_code", "rpt_tier_summary", "is_active_policy")
    assert {code: row["customer_count"] for code, row in summary.items()} == {
        **dict.fromkeys(["top", "potential", "general", "dormant", "guest"], 0),
        "untiered": 2,
    }
    assert {row["revenue_share"] for row in summary.values()} == {0}


def test_quarantine_says_why(nothing_counts: Build) -> None:
    assert dict(
        nothing_counts.query("select record_id, reason_code from fct_quarantined_rows")
    ) == {
        "2": "STATUS_UNKNOWN",
        "3": "AMOUNT_NEGATIVE",
        "4": "AMOUNT_FORMAT",
        "5": "DATE_INVALID",
    }


@made_in_background
def none_accepted(folder: Path) -> Build:
    path = write_csv(folder / "orders.csv", ORDERS, ["1,a,yesterday,10.00", "2,b,2024-01-01,1e5"])
    return build_tables_quickly(
        folder,
        settings={"quarantined_revenue_limit": None},
        environment={"TIERWISE_ORDERS": str(path)},
    )


def test_without_an_accepted_order_nothing_is_published(none_accepted: Build) -> None:
    # Whatever the limit: there is nothing to take a share of.
    assert none_accepted.returncode != 0
    for words in ("NO_ROW_ACCEPTED", "2 orders", "AMOUNT_FORMAT (1", "DATE_FORMAT (1"):
        assert words in none_accepted.output
    tables = none_accepted.relations()
    for table in (
        "util_as_of_dates",
        "dim_customer_tiers",
        "fct_customer_rfm_scores",
        "fct_rfm_cut_points",
        "fct_customer_abc_classes",
        "rpt_abc_concentration",
        "rpt_tier_summary",
    ):
        assert table not in tables
    # What there is to mend is told all the same.
    assert none_accepted.query(
        "select reason_code from fct_quarantined_rows order by record_id"
    ) == [("DATE_FORMAT",), ("AMOUNT_FORMAT",)]
    assert none_accepted.query(
        "select source_table, read_count, accepted_count, quarantined_count "
        "from rpt_input_reconciliation"
    ) == [("orders", 2, 0, 2)]
    assert none_accepted.query("select sum(row_count) from rpt_data_quality") == [(2,)]
    assert none_accepted.query("select count(*) from fct_flagged_rows") == [(0,)]
    summary = subprocess.run(
        [sys.executable, "-m", "tierwise.summary"],
        env=dbt_environment(
            {
                "TIERWISE_DATABASE": str(none_accepted.database),
                "PYTHONPATH": str(PROJECT / "python"),
            }
        ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert summary.returncode == 1
    assert "no table rpt_tier_summary" in summary.stderr


@made_in_background
def shops_at_the_limit(folder: Path) -> dict[str, Build]:
    """Half of the revenue in quarantine, then a cent more, then the same with another limit."""

    def shop(name: str, amount: str, limit: float | None = None) -> Build:
        path = write_csv(
            folder / name / "orders.csv",
            f"{ORDERS},status",
            ["1,a,2024-01-01,10.00,paid", f"2,b,2024-01-02,{amount},teleported"],
        )
        return build_tables_quickly(
            folder / name,
            settings=None if limit is None else {"quarantined_revenue_limit": limit},
            environment={"TIERWISE_ORDERS": str(path)},
        )

    return {
        "half": shop("half", "10.00"),
        "more": shop("more", "10.01"),
        "allowed": shop("allowed", "10.01", 0.51),
    }


def test_more_than_half_of_the_revenue_in_quarantine_stops_the_build(
    shops_at_the_limit: dict[str, Build],
) -> None:
    for name in ("half", "allowed"):
        build = shops_at_the_limit[name].succeeded()
        assert build.query("select customer_id from dim_customer_tiers") == [("a",)]
    stopped = shops_at_the_limit["more"]
    assert stopped.returncode != 0
    for words in ("QUARANTINE_LIMIT", "STATUS_UNKNOWN (1", "quarantined_revenue_limit"):
        assert words in stopped.output
    assert "dim_customer_tiers" not in stopped.relations()
    assert stopped.query("select record_id, reason_code from fct_quarantined_rows") == [
        ("2", "STATUS_UNKNOWN")
    ]


# A single order each, and the lines of ABC


@made_in_background
def single_orders(folder: Path) -> Build:
    return build_shop(
        folder,
        [
            "1,a,2024-02-10,50.00",
            "2,b,2024-01-31,40.00",
            "3,c,2024-01-21,30.00",
            "4,d,2024-01-11,20.00",
            "5,e,2024-01-01,10.00",
        ],
    )


def test_a_single_order_each(single_orders: Build) -> None:
    rows = single_orders.by("customer_id", "dim_customer_tiers")
    # Recency 0, 10 ... 40 is cut at 8, 16, 24, 32; amounts at 18, 26, 34, 42; counts all at 1.
    assert {name: scores(row) for name, row in rows.items()} == {
        "a": (5, 1, 5),
        "b": (4, 1, 4),
        "c": (3, 1, 3),
        "d": (2, 1, 2),
        "e": (1, 1, 1),
    }
    assert {name: row["tier_code"] for name, row in rows.items()} == {
        "a": "potential",
        "b": "potential",
        "c": "general",
        "d": "dormant",
        "e": "dormant",
    }
    assert {name: row["segment_code"] for name, row in rows.items()} == {
        "a": "new_customers",
        "b": "promising",
        "c": "about_to_sleep",
        "d": "hibernating",
        "e": "lost",
    }
    cuts = single_orders.query(
        "select dimension, list(cut_value order by cut_number) from fct_rfm_cut_points group by 1"
    )
    assert {dimension: pytest.approx(values) for dimension, values in cuts} == {
        "recency": [8, 16, 24, 32],
        "frequency": [1, 1, 1, 1],
        "monetary": [18, 26, 34, 42],
    }


def test_a_share_of_exactly_80_percent_before_is_b(single_orders: Build) -> None:
    rows = single_orders.by("customer_id", "fct_customer_abc_classes")
    # Of 150: before c are 90 (0.6), before d exactly 120 (0.8), before e 140 (0.93).
    assert {name: (row["abc_class"], row["abc_rank"]) for name, row in rows.items()} == {
        "a": ("A", 1),
        "b": ("A", 2),
        "c": ("A", 3),
        "d": ("B", 4),
        "e": ("B", 5),
    }
    assert rows["d"]["share_before"] == 0.8


# The calendar: windows, dates to come, refunds as they became known


@made_in_background
def june(folder: Path) -> Build:
    guests = ["", "NULL", "null", "N/A", "nan", "   "]
    orders = [
        "w1,first day of window,2024-06-01T00:00:00Z,10.00,paid,,",
        "w2,day before window,2024-05-31T23:59:59Z,10.00,paid,,",
        "w3,last second,2024-06-30T23:59:59Z,10.00,paid,,",
        "w4,waits,2024-07-01T00:00:00Z,10.00,paid,,",
        "w5,waits in part,2024-06-15,20.00,paid,,",
        "w6,waits in part,2024-07-02,500.00,paid,,",
        "w7,known and waits,2024-07-01,10.00,paid,,",
        "r1,refunded before,2024-06-10,40.00,paid,,",
        "r2,refunded after,2024-06-10,40.00,paid,,",
        "r3,refunded on the day,2024-06-10,40.00,paid,,",
        "r4,partly before,2024-06-10,100.00,paid,,",
        "r5,partly after,2024-06-10,100.00,paid,,",
        "r6,in two steps,2024-06-10,50.00,paid,,",
        "r7,in two steps before,2024-06-10,50.00,paid,,",
        "r8,refunded too much,2024-06-10,10.00,paid,,",
        "r9,one of two orders,2024-06-10,25.00,paid,,",
        "r10,one of two orders,2024-06-12,35.00,paid,,",
        "p1,opted out,2024-06-10,99.00,paid,,",
        "s1,paid,2024-06-10,10.00,paid,,",
        "s2,loud,2024-06-10,10.00, PAID ,,",
        "s3,chinese,2024-06-10,10.00,已完成,,",
        "s4,cancelled,2024-06-10,10.00,cancelled,,",
        "s5,unheard of,2024-06-10,10.00,teleported,,",
        "s7,blank,2024-06-10,10.00,,,",
        "s6,only a test,2024-06-10,10.00,paid,true,",
        "z1,nothing to pay,2024-06-10,0.00,paid,,",
        "z2,nothing left,2024-06-10,15.00,paid,,15.00",
        "z3,discounted,2024-06-10,100.00,paid,,30.00",
        "a1,rounded,2024-06-10,12.345,paid,,",
        *(f"g{n},{name},2024-06-10,1.00,paid,," for n, name in enumerate(guests)),
    ]
    return build_shop(
        folder,
        orders,
        header=f"{ORDERS},status,is_test,discount_amount",
        settings={"as_of_date": "2024-06-30", "rfm_window_days": 30, "abc_window_days": 30},
        refunds=(
            "refund_id,order_id,refunded_at,amount",
            [
                "1,r1,2024-06-20,40.00",
                "2,r2,2024-07-05,40.00",
                "3,r3,2024-06-30T23:00:00Z,40.00",
                "4,r4,2024-06-25,30.00",
                "5,r5,2024-07-01,30.00",
                "6,r6,2024-06-12,20.00",
                "7,r6,2024-07-01,30.00",
                "8,r7,2024-06-12,20.00",
                "9,r7,2024-06-13,30.00",
                "10,r8,2024-06-12,11.00",
                "11,no such order,2024-06-12,1.00",
                "12,r9,2024-06-12,25.00",
            ],
        ),
        customers=(
            "customer_id,profiling_opt_out",
            ["opted out,yes", "prospect,no", "known and waits,"],
        ),
    )


def test_a_window_of_30_days_ends_on_the_as_of_date(june: Build) -> None:
    rows = june.by("customer_id", "int_customers_purchases_summarised")
    for name, recency, count, amount in (
        ("first day of window", 29, 1, "10.00"),
        ("day before window", 30, 0, "0.00"),
        ("last second", 0, 1, "10.00"),
    ):
        row = rows[name]
        assert row["recency_days"] == recency
        assert row["rfm_order_count"] == count
        assert row["rfm_net_revenue_amount"] == row["net_revenue_amount"] == Decimal(amount)
        assert row["lifetime_order_count"] == 1
        assert row["lifetime_net_revenue_amount"] == 10
    abc = june.by("customer_id", "fct_customer_abc_classes")
    assert abc["day before window"]["abc_class"] == "C"


def test_an_order_after_the_as_of_date_waits(june: Build) -> None:
    rows = june.by("customer_id", "dim_customer_tiers")
    assert "waits" not in rows
    assert rows["known and waits"]["customer_stage"] == "prospect"
    row = rows["waits in part"]
    assert row["lifetime_net_revenue_amount"] == 20
    assert row["last_order_date"] == dt.date(2024, 6, 15)
    # It waits, it is not rejected.
    waiting = june.query("select count(*) from int_orders_accepted where order_date > '2024-06-30'")
    assert waiting == [(3,)]
    assert {row["as_of_date"] for row in rows.values()} == {dt.date(2024, 6, 30)}


@pytest.mark.parametrize(
    ("customer", "orders", "amount"),
    [
        ("refunded after", 1, "40.00"),
        ("partly before", 1, "70.00"),
        ("partly after", 1, "100.00"),
        ("in two steps", 1, "30.00"),
        ("refunded too much", 1, "10.00"),
        ("one of two orders", 1, "35.00"),
    ],
)
def test_a_refund_counts_from_the_day_it_was_made(
    june: Build, customer: str, orders: int, amount: str
) -> None:
    row = june.by("customer_id", "int_customers_purchases_summarised")[customer]
    assert row["lifetime_order_count"] == orders
    assert row["lifetime_net_revenue_amount"] == Decimal(amount)


@pytest.mark.parametrize(
    "customer", ["refunded before", "refunded on the day", "in two steps before"]
)
def test_an_order_refunded_in_full_is_as_if_it_never_happened(june: Build, customer: str) -> None:
    row = june.by("customer_id", "dim_customer_tiers")[customer]
    assert row["customer_stage"] == "non_buyer"
    assert row["untiered_reason"] == "no_purchase"
    assert row["lifetime_net_revenue_amount"] == row["lifetime_order_count"] == 0
    assert row["first_order_date"] is None
    assert customer not in june.by("customer_id", "fct_customer_rfm_scores")


def test_a_refund_leaves_the_other_order_alone(june: Build) -> None:
    row = june.by("customer_id", "dim_customer_tiers")["one of two orders"]
    assert row["first_order_date"] == row["last_order_date"] == dt.date(2024, 6, 12)


def test_refunds_that_cannot_be_are_quarantined(june: Build) -> None:
    assert dict(
        june.query(
            "select record_id, reason_code from fct_quarantined_rows where source_table = 'refunds'"
        )
    ) == {"10": "REFUND_EXCEEDS", "11": "REFUND_ORPHAN"}


def test_whoever_opted_out_is_counted_and_not_profiled(june: Build) -> None:
    row = june.by("customer_id", "dim_customer_tiers")["opted out"]
    assert row["untiered_reason"] == "opted_out"
    for column in (
        "tier_code",
        "r_score",
        "rfm_cell",
        "segment_code",
        "abc_class",
        "clv_method",
        "clv_amount",
    ):
        assert row[column] is None
    for table in (
        "fct_customer_rfm_scores",
        "fct_customer_abc_classes",
        "fct_customer_clv",
        "int_customers_tiered",
    ):
        assert ("opted out",) not in june.query(f"select customer_id from {table}")  # noqa: S608
    untiered = june.by("tier_code", "rpt_tier_summary", "is_active_policy")["untiered"]
    assert untiered["net_revenue_amount"] == 99


def test_a_prospect_has_a_row_and_no_scores(june: Build) -> None:
    row = june.by("customer_id", "dim_customer_tiers")["prospect"]
    assert row["customer_stage"] == "prospect"
    assert row["untiered_reason"] == "no_purchase"
    assert row["r_score"] is row["tier_code"] is row["first_order_date"] is None
    assert row["lifetime_order_count"] == 0


def test_guests_are_revenue_and_nobody(june: Build) -> None:
    guest = june.by("tier_code", "rpt_tier_summary", "is_active_policy")["guest"]
    assert (guest["order_count"], guest["net_revenue_amount"]) == (6, Decimal("6.00"))
    assert guest["customer_count"] == 0
    names = {name.strip().lower() for name in june.by("customer_id", "dim_customer_tiers")}
    assert not names & {"", "null", "n/a", "nan"}


def test_statuses_decide_what_is_a_purchase(june: Build) -> None:
    rows = june.by("customer_id", "dim_customer_tiers")
    for name in ("paid", "loud", "chinese"):
        assert rows[name]["lifetime_order_count"] == 1
    assert rows["cancelled"]["customer_stage"] == "non_buyer"
    assert "unheard of" not in rows
    # Among orders with a status, one without has a status that nobody mapped.
    assert "blank" not in rows
    assert "only a test" not in rows
    assert dict(
        june.query(
            "select record_id, reason_code from fct_quarantined_rows where source_table = 'orders'"
        )
    ) == {"s5": "STATUS_UNKNOWN", "s6": "TEST_ORDER", "s7": "STATUS_UNKNOWN"}


def test_zero_is_no_purchase_and_discounts_count(june: Build) -> None:
    rows = june.by("customer_id", "dim_customer_tiers")
    assert rows["nothing to pay"]["customer_stage"] == "non_buyer"
    assert rows["nothing left"]["customer_stage"] == "non_buyer"
    assert rows["discounted"]["lifetime_net_revenue_amount"] == 70
    # Half away from zero, from the text.
    assert rows["rounded"]["lifetime_net_revenue_amount"] == Decimal("12.35")


def test_the_summary_adds_up_to_all_revenue_known_by_then(june: Build) -> None:
    rows = june.rows("select * from rpt_tier_summary where is_active_policy")
    # Windows 30, waits 20, refunds 40 + 70 + 100 + 30 + 10 + 35, opted out 99, statuses 30,
    # discounted 70, rounded 12.35, guests 6.
    assert sum(row["net_revenue_amount"] for row in rows) == Decimal("552.35")
    assert sum(row["revenue_share"] for row in rows) == pytest.approx(1)
    customers = len(june.by("customer_id", "dim_customer_tiers"))
    assert sum(row["customer_count"] for row in rows) == customers


# Currencies, a business day of its own, profit


@made_in_background
def shanghai(folder: Path) -> Build:
    project = copy_project(folder / "shop")
    write_csv(
        project / "seeds" / "policy" / "fx_rates.csv",
        "currency_code,valid_from,valid_to,rate_to_base",
        ["USD,2024-01-01,2024-02-01,0.50", "USD,2024-02-01,,0.25"],
    )
    return build_shop(
        folder,
        [
            "1,new year,2023-12-31T16:00:00Z,10.00,EUR,",
            "2,old year,2023-12-31T15:59:59Z,10.00,EUR,",
            "3,january dollar,2024-01-31T15:59:59Z,100.00,USD,",
            "4,february dollar,2024-01-31T16:00:00Z,100.00,usd,",
            "5,dollar too early,2023-12-31T15:59:59Z,100.00,USD,",
            "6,pound,2024-01-15,100.00,GBP,",
            "7,no currency,2024-01-15,100.00,,",
            "8,refunded dollar,2024-01-15,100.00,USD,",
            "9,gift,2024-01-15,0.00,EUR,",
            "10,known cost,2024-01-15,100.00,USD,60.00",
            "11,mean,2024-01-15,10.00,EUR,",
            "12,mean,2024-01-16,15.01,EUR,",
        ],
        header=f"{ORDERS},currency,cost_amount",
        project=project,
        settings={
            "business_timezone": "Asia/Shanghai",
            "base_currency": "EUR",
            "zero_amount_is_purchase": True,
            "rfm_monetary": "mean",
            "rfm_window_days": None,
            "abc_metric": "profit",
            "default_margin_share": 0.2,
        },
        refunds=("refund_id,order_id,refunded_at,amount", ["1,8,2024-02-20,40.00"]),
    )


def test_the_business_day_is_the_local_one(shanghai: Build) -> None:
    days = dict(shanghai.query("select order_id, order_date from int_orders_accepted"))
    assert days["1"] == dt.date(2024, 1, 1)
    assert days["2"] == dt.date(2023, 12, 31)
    assert days["4"] == dt.date(2024, 2, 1)
    times = dict(shanghai.query("select order_id, ordered_at from int_orders_accepted"))
    assert times["1"] == dt.datetime(2023, 12, 31, 16)  # noqa: DTZ001 - a UTC column


def test_amounts_are_in_base_currency_at_the_rate_of_the_order_date(shanghai: Build) -> None:
    found = amounts(shanghai, "dim_customer_tiers", "lifetime_net_revenue_amount")
    assert found["january dollar"] == Decimal("50.00")
    assert found["february dollar"] == Decimal("25.00")
    assert found["new year"] == Decimal("10.00")


def test_a_refund_is_converted_at_the_rate_of_its_order(shanghai: Build) -> None:
    # The refund of February is known from February on, which the default as-of date has not seen.
    assert shanghai.query("select refund_amount from int_refunds_checked") == [(Decimal("20.00"),)]
    assert shanghai.query("select as_of_date from util_as_of_dates") == [(dt.date(2024, 2, 1),)]
    found = amounts(shanghai, "dim_customer_tiers", "lifetime_net_revenue_amount")
    assert found["refunded dollar"] == Decimal("50.00")


def test_currencies_without_a_rate_are_quarantined(shanghai: Build) -> None:
    assert dict(shanghai.query("select record_id, reason_code from fct_quarantined_rows")) == {
        "5": "FX_MISSING",
        "6": "CURRENCY_UNKNOWN",
        "7": "CURRENCY_MISSING",
    }


def test_zero_counts_as_a_purchase_where_the_setting_says_so(shanghai: Build) -> None:
    row = shanghai.by("customer_id", "dim_customer_tiers")["gift"]
    assert (row["customer_stage"], row["lifetime_order_count"]) == ("customer", 1)
    assert row["lifetime_net_revenue_amount"] == 0
    assert row["abc_class"] == "C"


def test_monetary_value_can_be_the_mean(shanghai: Build) -> None:
    found = amounts(shanghai, "fct_customer_rfm_scores", "rfm_monetary_amount")
    # 25.01 / 2 = 12.505, half away from zero.
    assert found["mean"] == Decimal("12.51")


def test_profit_is_the_margin_where_the_cost_is_not_known(shanghai: Build) -> None:
    rows = shanghai.by("customer_id", "fct_customer_abc_classes")
    assert {row["abc_metric"] for row in rows.values()} == {"profit"}
    assert rows["known cost"]["metric_amount"] == Decimal("20.00")
    assert rows["january dollar"]["metric_amount"] == Decimal("10.00")
    assert rows["mean"]["metric_amount"] == Decimal("5.00")
    known = dict(shanghai.query("select order_id, has_known_cost from int_orders_accepted"))
    assert known["10"] is True
    assert known["3"] is False


# Three ways to score


@made_in_background
def bands(folder: Path) -> Build:
    # The name says recency in days, orders, amount of all orders.
    customers = [
        (0, 1, "49.99"),
        (30, 2, "50.00"),
        (31, 3, "99.99"),
        (90, 4, "100.00"),
        (91, 5, "249.99"),
        (180, 9, "250.00"),
        (181, 10, "999.99"),
        (365, 11, "1000.00"),
        (366, 1, "1000.01"),
    ]
    last = dt.date(2024, 12, 31)
    lines = []
    for recency, count, amount in customers:
        name = f"{recency}/{count}/{amount}"
        day = last - dt.timedelta(days=recency)
        pennies = Decimal("0.01") * (count - 1)
        lines.append(f"{name} 0,{name},{day},{Decimal(amount) - pennies}")
        lines += [f"{name} {number},{name},{day},0.01" for number in range(1, count)]
    methods = {f"rfm_{name}_method": "bands" for name in ("recency", "frequency", "monetary")}
    return build_shop(
        folder,
        lines,
        settings={
            **methods,
            "rfm_window_days": None,
            "rfm_weights": {"recency": 1, "frequency": 2.5, "monetary": 0},
        },
    )


def test_bands_include_the_upper_bound_for_recency_and_the_lower_for_the_others(
    bands: Build,
) -> None:
    rows = bands.by("customer_id", "fct_customer_rfm_scores")
    assert {name: scores(row) for name, row in rows.items()} == {
        "0/1/49.99": (5, 1, 1),
        "30/2/50.00": (5, 2, 2),
        "31/3/99.99": (4, 3, 2),
        "90/4/100.00": (4, 3, 3),
        "91/5/249.99": (3, 4, 3),
        "180/9/250.00": (3, 4, 4),
        "181/10/999.99": (2, 5, 4),
        "365/11/1000.00": (2, 5, 5),
        "366/1/1000.01": (1, 1, 5),
    }


def test_the_weighted_score_is_a_weighted_mean(bands: Build) -> None:
    rows = bands.by("customer_id", "fct_customer_rfm_scores")
    assert rows["31/3/99.99"]["rfm_weighted"] == pytest.approx((4 + 2.5 * 3) / 3.5)


@made_in_background
def natural_breaks(folder: Path) -> Build:
    # Recency 0, 1, 2 | 50, 52 | 200; two distinct counts; amounts 10, 11 | 100, 104 | 1000, 1001.
    customers = [
        ("a", 0, 1, "10"),
        ("b", 1, 1, "11"),
        ("c", 2, 4, "100"),
        ("d", 50, 4, "104"),
        ("e", 52, 1, "1000"),
        ("f", 200, 4, "1001"),
    ]
    last = dt.date(2024, 12, 31)
    lines = [
        f"{name}{number},{name},{last - dt.timedelta(days=recency)},{Decimal(amount) / count}"
        for name, recency, count, amount in customers
        for number in range(count)
    ]
    names = ("recency", "frequency", "monetary")
    methods: dict[str, object] = {f"rfm_{name}_method": "natural_breaks" for name in names}
    return build_shop(folder, lines, settings={**methods, "rfm_score_count": 3})


def test_natural_breaks_fall_into_the_gaps(natural_breaks: Build) -> None:
    rows = natural_breaks.by("customer_id", "fct_customer_rfm_scores")
    # Two distinct values make two classes: the third score of frequency stays empty.
    assert {name: scores(row) for name, row in rows.items()} == {
        "a": (3, 1, 1),
        "b": (3, 1, 1),
        "c": (3, 2, 2),
        "d": (2, 2, 2),
        "e": (2, 1, 3),
        "f": (1, 2, 3),
    }
    cuts = natural_breaks.query(
        "select dimension, list(cut_value order by cut_number), bool_and(is_exact) "
        "from fct_rfm_cut_points group by 1"
    )
    # A cut point is the last value of the lower class.
    assert {dimension: (values, exact) for dimension, values, exact in cuts} == {
        "recency": ([2, 52], True),
        "frequency": ([1], True),
        "monetary": ([11, 104], True),
    }


def test_three_scores_have_27_cells_with_one_segment_each(natural_breaks: Build) -> None:
    assert natural_breaks.query(
        "select vocabulary, count(*), count(distinct rfm_cell) from dim_rfm_cells "
        "where segment_code is not null and segment_label_zh is not null group by 1 order by 1"
    ) == [("eight", 27, 27), ("eleven", 27, 27)]


@made_in_background
def ten_scores(folder: Path) -> Build:
    lines = [f"{n},{n},2024-01-01,{10 * n}.00" for n in range(1, 12)]
    return build_shop(
        folder,
        lines,
        settings={
            "rfm_score_count": 10,
            "active_tier_policy": "broad",
            "tier_policies": {
                "broad": {
                    "metric": "rfm_total",
                    "method": "bands",
                    "tiers": [{"code": "upper", "from": 17}, {"code": "lower", "from": 2.5}],
                }
            },
        },
    )


def test_a_value_that_is_a_cut_point_is_not_above_it(ten_scores: Build) -> None:
    cuts = ten_scores.query(
        "select cut_value from fct_rfm_cut_points where dimension = 'monetary' order by cut_number"
    )
    assert [value for (value,) in cuts] == pytest.approx([20, 30, 40, 50, 60, 70, 80, 90, 100])
    rows = ten_scores.by("customer_id", "fct_customer_rfm_scores")
    # 10 and 20 have no cut point strictly below; 110 has all nine.
    expected = {"1": 1, "2": 1, **{str(n): n - 1 for n in range(3, 12)}}
    assert {name: row["m_score"] for name, row in rows.items()} == expected
    assert {(row["r_score"], row["f_score"]) for row in rows.values()} == {(10, 1)}
    assert rows["11"]["rfm_cell"] == "10-1-10"


def test_a_policy_of_ones_own(ten_scores: Build) -> None:
    rows = ten_scores.by("customer_id", "dim_customer_tiers")
    # R+F+M is 11 and the monetary score: 17 is reached from score 6 on, that of customer 7.
    assert {name: row["tier_code"] for name, row in rows.items()} == {
        str(n): "upper" if n >= 7 else "lower" for n in range(1, 12)
    }
    assert {row["policy_name"] for row in rows.values()} == {"broad"}
    # Without a label the code is shown.
    assert rows["11"]["tier_label_en"] == rows["11"]["tier_label_zh"] == "upper"
    summary = ten_scores.by("tier_code", "rpt_tier_summary", "is_active_policy")
    assert {code: row["customer_count"] for code, row in summary.items()} == {
        "upper": 5,
        "lower": 6,
        "untiered": 0,
        "guest": 0,
    }


def test_ten_scores_use_the_five_point_map(ten_scores: Build) -> None:
    # 1 + 4/9 (score - 1), halves upward.
    five = {1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 5, 10: 5}
    rows = ten_scores.query(
        "select r_score, f_score, m_score, segment_code from dim_rfm_cells "
        "where vocabulary = 'eight'"
    )
    assert len(rows) == 1000
    for r, f, m, segment in rows:
        high = tuple(five[score] >= 4 for score in (r, f, m))
        assert (
            segment
            == {
                (True, True, True): "important_value",
                (True, False, True): "important_develop",
                (False, True, True): "important_keep",
                (False, False, True): "important_win_back",
                (True, True, False): "general_value",
                (True, False, False): "general_develop",
                (False, True, False): "general_keep",
                (False, False, False): "general_win_back",
            }[high]
        )
