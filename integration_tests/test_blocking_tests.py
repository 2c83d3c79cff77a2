"""Every test that can stop a publication does: each fails on a fault that is put into one table.

The tables are those of a small shop. For each data test of the project a seeded search looks for a
change of one table on which its query finds something. Some of these faults, or all of them with
TIERWISE_FULL=1, go through the real commands: `dbt test` fails, nothing is published, and the test
is named.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from background import made_in_background
from harness import (
    BUILD,
    DATABASE,
    PROJECT,
    Case,
    dbt_environment,
    file_checksum,
    run_dbt,
    run_many,
)
from landing_shop import shop_with_orders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRIED_WITH_COMMANDS = 10_000 if os.environ.get("TIERWISE_FULL") == "1" else 20
AT_ONCE = 20

# Where one changed column or row is not enough: the table, and what stands in it instead of `old`.
FAULTS_OF_THEIR_OWN = {
    "assert_fx_rates_do_not_overlap": (
        "fx_rates",
        (
            "select 'EUR' as currency_code, date '2024-01-01' as valid_from, "
            "cast(null as date) as valid_to, 1.1 as rate_to_base from range(2)"
        ),
    ),
    "fct_customer_clv_intervals_are_in_order": (
        "fct_customer_clv",
        "select * replace (4 as clv_lower_amount, 3 as clv_upper_amount) from old",
    ),
    "rpt_tier_migration_matrix_nobody_goes_from_new_to_gone": (
        "rpt_tier_migration_matrix",
        "select * replace ('_new' as from_tier_code, '_gone' as to_tier_code) from old",
    ),
    "assert_selected_clv_model_beats_the_same_rate_as_before": (
        "rpt_clv_backtest",
        (
            "select * replace (is_baseline and not is_selected as is_baseline, "
            "case when is_selected then 9 else holdout_error end as holdout_error) from old"
        ),
    ),
}

# What stands in a column of a type before anything is wrong, where the table has no row.
_HARMLESS = {"VARCHAR": "'x'", "BOOLEAN": "true", "DATE": "date '2024-01-01'"}
_WRONG = {
    "VARCHAR": ("null", "'no such thing'", "{column} || '?'", "''"),
    "BOOLEAN": ("null", "not {column}"),
    "DATE": ("null", "date '1900-01-01'", "date '9998-01-01'"),
}
_WRONG_NUMBERS = ("null", "-1", "{column} + 1", "1000", "0", "0.5")


@dataclass(frozen=True)
class Fault:
    """What stands in a table instead of its rows, which the query calls ``old``."""

    table: str
    query: str

    def apply(self, connection: duckdb.DuckDBPyConnection) -> None:
        kind = connection.execute(
            "select table_type from information_schema.tables where table_name = ?", [self.table]
        ).fetchone()
        assert kind is not None, self.table
        connection.execute(f'create or replace temp table old as from main."{self.table}"')
        connection.execute(f'drop {"view" if kind == ("VIEW",) else "table"} main."{self.table}"')
        connection.execute(f'create table main."{self.table}" as {self.query}')


@dataclass(frozen=True)
class CheckedShop:
    """A shop that was built, tested and published, and what its tests are."""

    folder: Path
    settings: dict[str, Any]

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    @property
    def published(self) -> Path:
        return self.folder / "published.duckdb"

    def publish(self, database: Path) -> tuple[int, str]:
        finished = subprocess.run(
            [sys.executable, "-m", "tierwise.publish"],
            env=dbt_environment()
            | {
                "TIERWISE_DATABASE": str(database),
                "TIERWISE_PUBLISHED": str(self.published),
                "PYTHONPATH": str(PROJECT / "python"),
            },
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return finished.returncode, finished.stdout

    def tests(self) -> list[dict[str, Any]]:
        """Return the data tests as dbt describes them, each with ``tables``, those it reads."""
        manifest = json.loads((self.folder / "target" / "manifest.json").read_text("utf-8"))
        nodes = manifest["nodes"]
        tests = [node for node in nodes.values() if node["resource_type"] == "test"]
        for test in tests:
            # The one that the test is attached to comes first.
            read = sorted(
                test["depends_on"]["nodes"], key=lambda name: name != test.get("attached_node")
            )
            test["tables"] = [nodes[name]["alias"] for name in read]
        return tests


@made_in_background
def tested_shop(folder: Path) -> CheckedShop:
    shop = shop_with_orders()
    for file in shop.files:
        file.write_to(folder)
    # Some tables are views over the files, which are read from other folders, too.
    inputs = {
        table: {"path": str(folder / entry["path"])}
        for table, entry in shop.settings["inputs"].items()
    }
    made = CheckedShop(folder, shop.settings | {"inputs": inputs})
    run_dbt(folder, *BUILD, settings=made.settings).succeeded()
    code, printed = made.publish(made.database)
    assert code == 0, printed
    return made


def faults(
    test: dict[str, Any], columns: dict[str, dict[str, str]], filled: set[str]
) -> Iterator[Fault]:
    """Yield changes of the tables that a test reads, those of columns it speaks of first."""
    if test["name"] in FAULTS_OF_THEIR_OWN:
        yield Fault(*FAULTS_OF_THEIR_OWN[test["name"]])
        return
    chance = random.Random(test["name"])  # noqa: S311 - not a secret
    for table in test["tables"]:
        types = columns[table]
        row = ", ".join(
            f'cast({_HARMLESS.get(type_, "null" if "[" in type_ else "1")} as {type_}) as "{name}"'
            if not type_.startswith("TIMESTAMP")
            else f"timestamp '2024-01-01' as \"{name}\""
            for name, type_ in types.items()
        )
        rows = "from old" if table in filled else f"select {row}"
        yield Fault(table, f"{rows} union all {rows}")
        shuffled = chance.sample(list(types), len(types))
        spoken_of = [name for name in shuffled if re.search(rf"\b{name}\b", test["compiled_code"])]
        for name in spoken_of:
            for wrong in _WRONG.get(types[name], _WRONG_NUMBERS):
                value = wrong.format(column=f'"{name}"')
                first = f'case when row_number() over () = 1 then {value} else "{name}" end'
                for changed in (first, value):
                    query = f'select * replace ({changed} as "{name}") from ({rows})'  # noqa: S608 - from the catalog
                    yield Fault(table, query)
        yield Fault(table, f"from ({rows}) limit 0")
        yield Fault(table, f"from ({rows}) offset 1")
        for name in spoken_of:
            for wrong in _WRONG.get(types[name], _WRONG_NUMBERS)[1:]:
                if "{" not in wrong:
                    yield Fault(table, f'{rows} union all by name select {wrong} as "{name}"')


def found_faults(shop: CheckedShop) -> dict[str, Fault | None]:
    """Find for each test of the shop a fault on which it fails."""
    found: dict[str, Fault | None] = {}
    with closing(duckdb.connect(str(shop.database))) as connection:
        connection.execute("set threads = 1; set TimeZone = 'UTC'")
        columns: dict[str, dict[str, str]] = {}
        for table, column, type_ in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = 'main'"
        ).fetchall():
            columns.setdefault(table, {})[column] = type_
        filled = {
            table
            for table in columns
            if connection.execute(f'select 1 from main."{table}" limit 1').fetchone()  # noqa: S608 - from the catalog
        }
        for test in shop.tests():
            assert test["config"]["severity"] == "ERROR", test["name"]
            count = f"select {test['config']['fail_calc']} from ({test['compiled_code']})"  # noqa: S608 - of dbt
            assert connection.execute(count).fetchone() == (0,), test["name"]
            found[test["name"]] = None
            for fault in faults(test, columns, filled):
                connection.execute("begin")
                try:
                    fault.apply(connection)
                    failures = connection.execute(count).fetchone()
                except duckdb.Error:  # of another type than the column
                    failures = (0,)
                connection.execute("rollback")
                if failures != (0,):
                    found[test["name"]] = fault
                    break
    return found


@pytest.fixture(scope="session", name="found")
def found_fixture(tested_shop: CheckedShop) -> dict[str, Fault | None]:
    return found_faults(tested_shop)


def test_every_test_fails_on_a_fault(
    tested_shop: CheckedShop, found: dict[str, Fault | None]
) -> None:
    assert len(found) == len(tested_shop.tests()) > 0
    assert [name for name, fault in found.items() if fault is None] == []


def test_what_a_test_finds_is_not_published(
    tested_shop: CheckedShop, found: dict[str, Fault | None], tmp_path: Path
) -> None:
    before = file_checksum(tested_shop.published)
    chance = random.Random(6)  # noqa: S311 - not a secret
    names = chance.sample(sorted(found), min(TRIED_WITH_COMMANDS, len(found)))
    for start in range(0, len(names), AT_ONCE):
        cases = {}
        databases = {}
        for name in names[start : start + AT_ONCE]:
            fault = found[name]
            assert fault is not None
            databases[name] = tmp_path / str(len(databases)) / DATABASE
            databases[name].parent.mkdir()
            shutil.copy2(tested_shop.database, databases[name])
            with closing(duckdb.connect(str(databases[name]))) as connection:
                fault.apply(connection)
            cases[name] = Case(
                json.dumps(tested_shop.settings),
                {"TIERWISE_DATABASE": str(databases[name])},
                ("test", "--select", name),
            )
        for name, outcome in run_many(tmp_path / "runs", cases).items():
            assert not outcome.success, name
            assert name in outcome.output
            code, printed = tested_shop.publish(databases[name])
            assert (code, f"these failed: {name}. Readers keep" in printed) == (1, True), printed
            assert file_checksum(tested_shop.published) == before
            shutil.rmtree(databases[name].parent)
        shutil.rmtree(tmp_path / "runs")
