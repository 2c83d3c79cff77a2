"""The project's own generic tests, each run by dbt on rows that pass and on rows that fail."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
GENERIC_TESTS = ROOT / "tests" / "generic"

PROFILE = {
    "probe": {
        "target": "duckdb",
        "outputs": {"duckdb": {"type": "duckdb", "path": ":memory:", "schema": "main"}},
    }
}


@dataclass(frozen=True)
class Fixture:
    """Rows as SQL values, and how many failures the test is to find in them."""

    test: str
    behaviour: str
    columns: str
    rows: str
    arguments: dict[str, Any]
    failures: int
    column: str | None = None

    @property
    def name(self) -> str:
        return f"{self.test}__{self.behaviour}"


def unique_together(behaviour: str, rows: str, failures: int, **more: str) -> Fixture:
    arguments = {"columns": ["day", "id"], **more}
    return Fixture("unique_together", behaviour, "day, id", rows, arguments, failures)


def in_range(
    behaviour: str, rows: str, failures: int, arguments: dict[str, Any] | None = None
) -> Fixture:
    arguments = arguments or {"min_value": 0, "max_value": 1}
    return Fixture("in_range", behaviour, "share", rows, arguments, failures, column="share")


def sums_to(behaviour: str, rows: str, failures: int, **more: float) -> Fixture:
    arguments = {"value": 1, "group_by": ["day"], **more}
    return Fixture("sums_to", behaviour, "day, share", rows, arguments, failures, column="share")


def is_true(behaviour: str, rows: str, failures: int) -> Fixture:
    arguments = {"expression": "part <= whole or whole = 0"}
    return Fixture("is_true", behaviour, "part, whole", rows, arguments, failures)


FIXTURES = [
    unique_together("equal_in_one_column_passes", "(1, 'a'), (1, 'b'), (2, 'a')", 0),
    unique_together("no_rows_pass", "", 0),
    unique_together("equal_in_all_columns_fails", "(1, 'a'), (1, 'a'), (1, 'a'), (2, 'a')", 1),
    unique_together("two_nulls_are_equal", "(1, 'a'), (1, null), (1, null)", 1),
    unique_together("of_the_latest_alone", "(1, 'a'), (1, 'a'), (2, 'a')", 0, latest="day"),
    unique_together("doubled_in_the_latest_fails", "(1, 'a'), (2, 'a'), (2, 'a')", 1, latest="day"),
    unique_together(
        "the_latest_of_another_relation_counts",
        "(1, 'a'), (1, 'a'), (2, 'a')",
        1,
        latest="day",
        latest_in="(select 1 as day)",
    ),
    in_range("both_bounds_are_inside", "(0), (0.5), (1)", 0),
    in_range("null_passes", "(null), (0.5)", 0),
    in_range("each_row_outside_fails", "(-0.01), (0), (1), (1.01), (2)", 3),
    in_range("not_a_number_fails", "('nan'::double), (0.5)", 1),
    in_range("without_maximum_all_above_pass", "(0), (1000)", 0, {"min_value": 0}),
    in_range("without_maximum_below_fails", "(-1), (1000)", 1, {"min_value": 0}),
    in_range("without_minimum_above_fails", "(-1), (1000)", 1, {"max_value": 0}),
    sums_to("each_group_adds_up", "(1, 0.25), (1, 0.75), (2, 1)", 0),
    sums_to("each_group_that_does_not_fails", "(1, 1), (1, 1), (2, 1), (3, 0.5)", 2),
    sums_to("groups_do_not_make_up_for_each_other", "(1, 0.5), (2, 1.5)", 2),
    sums_to("difference_of_the_tolerance_passes", "(1, 1.01), (2, 0.99)", 0, tolerance=0.01),
    sums_to("difference_above_the_tolerance_fails", "(1, 1.02), (2, 0.98)", 2, tolerance=0.01),
    sums_to("nulls_alone_fail", "(1, null::integer)", 1, or_all_zero=True),
    sums_to("zeros_alone_fail", "(1, 0), (1, 0)", 1),
    sums_to("zeros_alone_pass_where_allowed", "(1, 0), (1, 0)", 0, or_all_zero=True),
    sums_to("values_that_cancel_out_are_not_zeros", "(1, -1), (1, 1)", 1, or_all_zero=True),
    is_true("rule_kept_in_each_row_passes", "(1, 2), (2, 2), (3, 0)", 0),
    is_true("each_row_that_breaks_the_rule_fails", "(1, 2), (3, 2), (4, 2)", 2),
    is_true("unknown_fails", "(1, null), (null, 1)", 2),
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Run every fixture in one small project; results by name of the fixture."""
    project = tmp_path_factory.mktemp("generic_tests")
    shutil.copytree(GENERIC_TESTS, project / "tests" / "generic")
    (project / "dbt_project.yml").write_text(
        json.dumps(
            {
                "name": "probe",
                "profile": "probe",
                "config-version": 2,
                "models": {"+materialized": "ephemeral"},
            }
        )
    )
    (project / "profiles.yml").write_text(json.dumps(PROFILE))
    models = project / "models"
    models.mkdir()
    described = []
    for fixture in FIXTURES:
        rows = fixture.rows or f"({', '.join('1' for _ in fixture.columns.split(','))})"
        (models / f"{fixture.name}.sql").write_text(
            f"from (values {rows}) as given_rows({fixture.columns})"
            f"{'' if fixture.rows else ' where false'}"
        )
        test = {fixture.test: {"name": f"test_of_{fixture.name}", "arguments": fixture.arguments}}
        properties: dict[str, Any] = {"name": fixture.name}
        if fixture.column:
            properties["columns"] = [{"name": fixture.column, "data_tests": [test]}]
        else:
            properties["data_tests"] = [test]
        described.append(properties)
    (models / "models.yml").write_text(json.dumps({"models": described}))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    ran = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "test"],
        cwd=project,
        env=clean | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    written = project / "target" / "run_results.json"
    assert written.is_file(), ran.stdout + ran.stderr
    found = json.loads(written.read_text())["results"]
    return {
        result["unique_id"].split(".")[2].removeprefix("test_of_"): result
        for result in found
        if result["unique_id"].startswith("test.")
    }


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_finds_exactly_the_planted_failures(
    fixture: Fixture, results: dict[str, dict[str, Any]]
) -> None:
    result = results[fixture.name]
    assert (result["status"], result["failures"]) == (
        "fail" if fixture.failures else "pass",
        fixture.failures,
    ), result["message"]


@pytest.mark.parametrize("path", sorted(GENERIC_TESTS.glob("*.sql")), ids=lambda path: path.stem)
def test_each_generic_test_has_rows_that_pass_and_rows_that_fail(path: Path) -> None:
    assert re.findall(r"{% test (\w+)\(", path.read_text()) == [path.stem]
    planted = [fixture.failures for fixture in FIXTURES if fixture.test == path.stem]
    assert 0 in planted
    assert any(planted)
