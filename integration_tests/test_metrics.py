"""What MetricFlow answers is what stands in the marts: the real shop, and one with awkward rows.

Each query has SQL of its own here, over other tables than the metric's where there are any. Counts
and money are equal; ratios may differ in the last digits.
"""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from harness import PROJECT, Build, dbt_environment
from test_edge_cases import june as june  # noqa: PLC0414 - guests, refunds, objections, orders to come

if TYPE_CHECKING:
    from pathlib import Path

RATIOS = {
    "average_order_value",
    "average_clv",
    "repeat_rate",
    "revenue_growth",
    "top_tier_revenue_share",
}

# What the queries below share: what is left of each order by the as-of date, without fct_orders;
# the tiers of the active policy.
SHARED = """
    with standing as (
        select
            order_id,
            any_value(customer_id) as customer_id,
            date_trunc('month', any_value(order_date)) as metric_time__month,
            sum(net_amount) as net_amount,
            sum(profit_amount) as profit_amount
        from int_orders_signed, util_as_of_dates
        where order_date <= as_of_date and known_from_date <= as_of_date
        group by 1
        having sum(purchase_count) = 1
    ),
    monthly as (
        select
            metric_time__month,
            count(*) as orders,
            sum(net_amount) as revenue,
            sum(if(tier_rank = 1, net_amount, 0)) as top_tier_revenue,
            sum(standing.profit_amount) as profit,
            count(distinct customer_id) as active_customers
        from standing left join dim_customer_tiers using (customer_id)
        group by 1
    ),
    summary as (from rpt_tier_summary where is_active_policy),
    kpis as (from rpt_tier_kpis where is_active_policy),
    periods as (
        select *, date_trunc('month', period_end_date) as metric_time__month,
            date_trunc('quarter', period_end_date) as metric_time__quarter
        from fct_customer_tier_periods
        where policy_name = (select any_value(policy_name) from summary)
    )
"""

# Metrics, what they are grouped by, and the same from the tables.
QUERIES: list[tuple[str, str, str]] = [
    (
        "orders revenue average_order_value",
        "",
        """select sum(order_count) as orders, sum(net_revenue_amount) as revenue,
            sum(net_revenue_amount) / sum(order_count) as average_order_value
        from summary""",
    ),
    (
        "orders revenue average_order_value",
        "customer__tier_code",
        """select if(tier_code in ('untiered', 'guest'), null, tier_code) as customer__tier_code,
            sum(order_count) as orders, sum(net_revenue_amount) as revenue,
            sum(net_revenue_amount) / sum(order_count) as average_order_value
        from summary group by 1 having sum(order_count) > 0""",
    ),
    (
        "orders revenue profit active_customers average_order_value",
        "metric_time__month",
        """select metric_time__month, orders, revenue, profit, active_customers,
            revenue / orders as average_order_value from monthly""",
    ),
    ("profit", "", "select sum(profit_amount) as profit from standing"),
    (
        "active_customers",
        "",
        """select count(*) as active_customers
        from dim_customer_tiers where customer_stage = 'customer'""",
    ),
    (
        "active_customers",
        "customer__tier_code",
        """select tier_code as customer__tier_code, count(*) as active_customers
        from dim_customer_tiers where customer_stage = 'customer' group by 1""",
    ),
    (
        "revenue_growth",
        "metric_time__month",
        """select now.metric_time__month, now.revenue / earlier.revenue - 1 as revenue_growth
        from monthly as now left join monthly as earlier
            on earlier.metric_time__month = now.metric_time__month - interval 1 month""",
    ),
    (
        "top_tier_revenue top_tier_revenue_share",
        "",
        """select net_revenue_amount as top_tier_revenue, revenue_share as top_tier_revenue_share
        from summary where tier_rank = 1""",
    ),
    (
        "top_tier_revenue top_tier_revenue_share",
        "metric_time__month",
        """select metric_time__month, top_tier_revenue,
            top_tier_revenue / revenue as top_tier_revenue_share from monthly""",
    ),
    (
        "customers purchasers repeat_purchasers repeat_rate",
        "",
        """select sum(customer_count) as customers,
            (select count(*) from dim_customer_tiers where customer_stage = 'customer')
                as purchasers,
            (select count(*) from dim_customer_tiers where lifetime_order_count > 1)
                as repeat_purchasers,
            (select count(*) filter (lifetime_order_count > 1) / count(*)
                from dim_customer_tiers where customer_stage = 'customer') as repeat_rate
        from summary""",
    ),
    (
        "customers purchasers repeat_purchasers repeat_rate",
        "customer__tier_code",
        """select tier_code as customer__tier_code, count(*) as customers,
            count(*) filter (customer_stage = 'customer') as purchasers,
            count(*) filter (lifetime_order_count > 1) as repeat_purchasers,
            repeat_purchasers / nullif(purchasers, 0) as repeat_rate
        from dim_customer_tiers group by 1""",
    ),
    (
        "tier_members",
        "",
        "select count(*) as tier_members from dim_customer_tiers where tier_code is not null",
    ),
    (
        "tier_members",
        "metric_time__month tier_membership__tier_code",
        """select metric_time__month, tier_code as tier_membership__tier_code,
            count(tier_code) as tier_members
        from periods
        where period_end_date in (
            select max(period_end_date) from periods group by metric_time__month)
        group by 1, 2""",
    ),
    (
        "tier_members",
        "metric_time__quarter",
        """select metric_time__quarter, count(tier_code) as tier_members
        from periods
        where period_end_date in (
            select max(period_end_date) from periods group by metric_time__quarter)
        group by 1""",
    ),
    (
        "tier_upgrades tier_downgrades",
        "",
        """select coalesce(sum(up_count), 0) as tier_upgrades,
            coalesce(sum(down_count), 0) as tier_downgrades
        from kpis where tier_code = '_all'""",
    ),
    (
        "tier_upgrades tier_downgrades",
        "metric_time__month",
        """select date_trunc('month', period_end_date) as metric_time__month,
            sum(up_count) as tier_upgrades, sum(down_count) as tier_downgrades
        from kpis where tier_code = '_all' group by 1
        having sum(up_count + down_count) > 0""",
    ),
    (
        "tier_upgrades tier_downgrades",
        "tier_movement__previous_tier_code",
        """select tier_code as tier_movement__previous_tier_code,
            sum(up_count) as tier_upgrades, sum(down_count) as tier_downgrades
        from kpis where tier_code <> '_all' group by 1
        having sum(up_count + down_count) > 0""",
    ),
    (
        "clv valued_customers average_clv",
        "",
        """select sum(clv_amount) as clv, count(clv_amount) as valued_customers,
            clv / valued_customers as average_clv from dim_customer_tiers""",
    ),
    (
        "clv valued_customers average_clv",
        "metric_time__month customer__tier_code",
        """select date_trunc('month', as_of_date) as metric_time__month,
            tier_code as customer__tier_code, sum(clv_amount) as clv,
            count(clv_amount) as valued_customers, clv / valued_customers as average_clv
        from dim_customer_tiers where clv_amount is not null group by all""",
    ),
]


@pytest.fixture(scope="session", params=["demo", "june"])
def shop(request: pytest.FixtureRequest) -> Build:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the project is parsed, once: dbt begins anew where the path of the file has changed."""
    return tmp_path_factory.mktemp("parsed")


@pytest.fixture(scope="session")
def metricflow(
    shop: Build, parsed: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Ask everything at once, while another reader has the file open."""
    folder: Path = tmp_path_factory.mktemp("metrics")
    job, results = folder / "job.json", folder / "results.json"
    job.write_text(
        json.dumps(
            {
                "parsed": str(parsed),
                "folder": str(folder),
                "queries": [
                    {"metrics": metrics.split(), "group_by": group_by.split()}
                    for metrics, group_by, _ in QUERIES
                ],
                "command": ["query", "--metrics", "revenue", "--csv", str(folder / "out.csv")],
            }
        ),
        encoding="utf-8",
    )
    published = parsed / "tiers.duckdb"
    published.unlink(missing_ok=True)
    published.symlink_to(shop.database)
    environment = {
        "DBT_PROJECT_DIR": str(PROJECT),
        "PYTHONPATH": str(PROJECT / "python"),
        "TIERWISE_PUBLISHED": str(published),
    }
    script = PROJECT / "integration_tests" / "metric_queries.py"
    with duckdb.connect(str(shop.database), read_only=True):
        finished = subprocess.run(
            [sys.executable, script, job, results],
            cwd=folder,
            env=dbt_environment(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
    assert finished.returncode == 0, finished.stdout
    answer = json.loads(results.read_text(encoding="utf-8"))
    return answer | {"folder": folder, "output": finished.stdout}


def comparable(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    """Say dates as text, and money as the double next to it, which is what MetricFlow gives."""
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    if isinstance(value, str) and name.startswith("metric_time"):
        return value[:10]
    return float(value) if isinstance(value, Decimal | int) else value


def by_group(rows: list[dict[str, Any]], group_by: list[str]) -> dict[tuple[Any, ...], Any]:
    told = [{name: comparable(name, value) for name, value in row.items()} for row in rows]
    found = {tuple(row[name] for name in group_by): row for row in told}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize(
    "number", range(len(QUERIES)), ids=[f"{metrics} by {by}" for metrics, by, _ in QUERIES]
)
def test_metrics_are_what_the_marts_say(
    shop: Build, metricflow: dict[str, Any], number: int
) -> None:
    metrics, group_by, sql = QUERIES[number]
    answer = metricflow["answers"][number]
    rows = [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]
    got = by_group(rows, group_by.split())
    expected = by_group(shop.rows(SHARED + sql), group_by.split())
    assert got.keys() == expected.keys()
    for group, row in expected.items():
        for metric in metrics.split():
            wanted = row[metric]
            if metric in RATIOS and wanted is not None:
                wanted = pytest.approx(wanted, rel=1e-9)
            assert got[group][metric] == wanted, (group, metric)


def test_every_metric_is_asked_for(metricflow: dict[str, Any]) -> None:
    totals = {name for metrics, by, _ in QUERIES if not by for name in metrics.split()}
    groups = {name for metrics, by, _ in QUERIES if by for name in metrics.split()}
    assert groups == set(metricflow["metrics"])
    # Growth is of a month.
    assert totals == groups - {"revenue_growth"}


def test_metricflow_finds_every_column_in_the_tables(metricflow: dict[str, Any]) -> None:
    assert metricflow["valid"] == 0, metricflow["output"]


def test_metricflow_would_miss_a_column(metricflow: dict[str, Any]) -> None:
    assert metricflow["misspelt"] == 1
    assert "profits_amount" in metricflow["said_of_misspelt"]


def test_the_command_answers(shop: Build, metricflow: dict[str, Any]) -> None:
    assert metricflow["command"] == 0, metricflow["output"]
    [(revenue,)] = shop.query(
        "select sum(net_revenue_amount) from rpt_tier_summary where is_active_policy"
    )
    lines = (metricflow["folder"] / "out.csv").read_text(encoding="utf-8").split()
    assert lines[0] == "revenue"
    assert float(lines[1]) == float(revenue)


def test_nothing_is_asked_of_the_network(metricflow: dict[str, Any]) -> None:
    assert metricflow["reached"] == []
