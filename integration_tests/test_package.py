"""Another dbt project installs this one, maps its own tables and says otherwise from outside."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from background import made_in_background
from harness import BUILD, DBT, PROJECT, Build, copy_project, dbt_environment

FOREIGN_SHOP = Path(__file__).with_name("foreign_shop")
WRITTEN_BY_DBT = ("dbt_packages", "target", "logs", "package-lock.yml", "*.duckdb*")


def call_dbt(project: Path, *arguments: str) -> Build:
    """Call dbt in the other project, as its owner would: from its folder, without options."""
    database = project / "foreign_shop.duckdb"
    finished = subprocess.run(
        [str(DBT), "--no-use-colors", *arguments],
        cwd=project,
        env=dbt_environment({"FOREIGN_SHOP_TIERWISE": str(project.parent / "tierwise")}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return Build(database, finished.returncode, finished.stdout)


@made_in_background
def foreign_shop(folder: Path) -> Build:
    """Install and build, with the data tests of the package: they guard these data too."""
    copy_project(folder / "tierwise")
    project = folder / "foreign_shop"
    shutil.copytree(FOREIGN_SHOP, project, ignore=shutil.ignore_patterns(*WRITTEN_BY_DBT))
    call_dbt(project, "deps").succeeded()
    return call_dbt(project, *BUILD).succeeded()


def rows_of(build: Build, table: str) -> dict[str, dict[str, object]]:
    return {row["customer_id"]: row for row in build.rows(f"select * from shop.{table}")}  # noqa: S608


def test_the_package_is_the_project(foreign_shop: Build) -> None:
    installed = foreign_shop.database.parent / "dbt_packages" / "tierwise"
    assert (installed / "dbt_project.yml").read_bytes() == (
        PROJECT / "dbt_project.yml"
    ).read_bytes()


def test_settings_from_outside_decide_the_tiers(foreign_shop: Build) -> None:
    rows = rows_of(foreign_shop, "dim_customer_tiers")
    assert {
        name: (row["r_score"], row["f_score"], row["m_score"], row["tier_code"])
        for name, row in rows.items()
        if row["tier_code"]
    } == {
        # 5 days ago, 3 orders, 300 each; 60 days, 2 orders, 40 USD = 20 EUR; 395 days, 1, 10.
        "ann": (3, 3, 3, "gold"),
        "bob": (2, 2, 2, "silver"),
        "cem": (1, 1, 1, "basic"),
    }
    assert {row["as_of_date"] for row in rows.values()} == {dt.date(2024, 6, 30)}
    assert {row["policy_name"] for row in rows.values()} == {"club"}
    assert rows["ann"]["rfm_monetary_amount"] == Decimal("300.00")


def test_everybody_the_shop_knows_has_a_stage(foreign_shop: Build) -> None:
    stages = {
        name: row["customer_stage"]
        for name, row in rows_of(foreign_shop, "dim_customer_tiers").items()
    }
    assert stages == {
        "ann": "customer",
        "bob": "customer",
        "cem": "customer",
        "dee": "non_buyer",
        "eve": "prospect",
        "fay": "prospect",
        "gil": "prospect",
    }


@pytest.mark.parametrize(
    ("customer", "labels"),
    [("ann", ("Gold club", "金卡")), ("bob", ("Silver club", "银卡")), ("cem", ("basic", "basic"))],
)
def test_labels_of_its_own(foreign_shop: Build, customer: str, labels: tuple[str, str]) -> None:
    row = rows_of(foreign_shop, "dim_customer_tiers")[customer]
    assert (row["tier_label_en"], row["tier_label_zh"]) == labels


def test_a_segment_map_of_its_own(foreign_shop: Build) -> None:
    rows = rows_of(foreign_shop, "dim_customer_tiers")
    assert {name: rows[name]["segment_label_zh"] for name in ("ann", "bob", "cem")} == {
        "ann": "常客",
        # The map is written for five scores: the middle one of three is 3.
        "bob": "常客",
        "cem": "其他",
    }
    assert foreign_shop.query(
        "select vocabulary, count(*) from shop.dim_rfm_cells group by 1 order by 1"
    ) == [("eight", 27), ("eleven", 27)]


def test_rates_of_its_own(foreign_shop: Build) -> None:
    row = rows_of(foreign_shop, "dim_customer_tiers")["bob"]
    assert row["lifetime_net_revenue_amount"] == Decimal("40.00")


def test_a_status_map_of_its_own(foreign_shop: Build) -> None:
    # Its map has no `paid`, which the package's has.
    assert foreign_shop.query("select record_id, reason_code from shop.fct_quarantined_rows") == [
        ("109", "STATUS_UNKNOWN")
    ]


def test_a_guest_is_revenue(foreign_shop: Build) -> None:
    assert foreign_shop.query(
        "select order_count, net_revenue_amount from shop.rpt_tier_summary "
        "where tier_code = 'guest'"
    ) == [(1, Decimal("7.00"))]


def semantics_of(project: Path) -> tuple[set[str], set[str]]:
    """Return the names of the metrics and of the models that are time spines."""
    file = project / "target" / "semantic_manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    spines = manifest["project_configuration"]["time_spines"]
    return (
        {metric["name"] for metric in manifest["metrics"]},
        {spine["node_relation"]["alias"] for spine in spines},
    )


def test_the_names_of_metrics_are_left_to_the_other_project(foreign_shop: Build) -> None:
    assert semantics_of(foreign_shop.database.parent) == (set(), set())
    assert foreign_shop.query("select count(*) from shop.fct_orders") == [(7,)]
    assert "dim_days" not in foreign_shop.relations()


def test_the_other_project_can_turn_them_on(foreign_shop: Build, tmp_path: Path) -> None:
    project = tmp_path / "foreign_shop"
    built = foreign_shop.database.parent
    shutil.copytree(built, project, ignore=shutil.ignore_patterns("*.duckdb*", "target"))
    page = (PROJECT / "docs" / "metrics.md").read_text(encoding="utf-8")
    [lines] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    with (project / "dbt_project.yml").open("a", encoding="utf-8") as file:
        file.write(lines)
    call_dbt(project, "parse").succeeded()
    metrics, spines = semantics_of(project)
    assert {"revenue", "tier_members", "clv"} <= metrics
    assert spines == {"dim_days"}


@made_in_background
def wrong_setting_from_outside(folder: Path) -> Build:
    copy_project(folder / "tierwise")
    project = folder / "foreign_shop"
    shutil.copytree(FOREIGN_SHOP, project, ignore=shutil.ignore_patterns(*WRITTEN_BY_DBT))
    file = project / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    changed = text.replace("amount: total - shipping", "amount: total - postage")
    assert changed != text
    file.write_text(changed, encoding="utf-8")
    call_dbt(project, "deps").succeeded()
    return call_dbt(project, *BUILD)


def test_a_wrong_mapping_from_outside_names_the_column(wrong_setting_from_outside: Build) -> None:
    assert wrong_setting_from_outside.returncode != 0
    assert "no column 'postage'" in wrong_setting_from_outside.output
    assert "shipping" in wrong_setting_from_outside.output
    # A model of the run is there only once it is built: what its rows would reach is not.
    assert not wrong_setting_from_outside.relations() & {
        "stg_commerce__orders",
        "int_orders_accepted",
        "fct_customer_rfm_scores",
        "dim_customer_tiers",
        "rpt_tier_summary",
    }
