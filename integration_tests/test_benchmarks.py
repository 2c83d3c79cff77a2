"""The benchmark runs at a small size, and what is written by hand agrees with the marts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from harness import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS = 600
# As `make benchmark` calls it, but for the least size, which is there for the sake of the figures.
SCRIPT = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import core_build
report = core_build.measure(Path(sys.argv[2]), int(sys.argv[3]), 2)
print(core_build.as_table(report), file=sys.stderr)
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmark") / "work"


@pytest.fixture(scope="module")
def run(folder: Path) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(PROJECT / "benchmarks"), str(folder), str(CUSTOMERS)],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("TIERWISE_")},
    )
    assert finished.returncode == 0, finished.stderr
    return finished


@pytest.fixture(scope="module")
def report(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return json.loads(run.stdout.splitlines()[-1])


def test_scores_classes_and_tiers_by_hand_are_those_of_the_marts(report: dict[str, Any]) -> None:
    differing = report["agreement"]["differing_rows"]
    assert differing == {"rfm_scores": 0, "abc_classes": 0, "tiers": 0, "history": 0}
    # There was something to compare: most customers, 24 times.
    assert report["agreement"]["rows_of_history"] > 10 * CUSTOMERS


def test_the_comparison_sees_a_score_a_tier_and_a_class_that_differ(
    report: dict[str, Any], folder: Path
) -> None:
    assert report["by_hand"]["database_mebibytes"] > 0
    with duckdb.connect(str(folder / "by_hand.duckdb")) as connection:
        connection.execute(
            "update scores set r_score = 6 - r_score where customer_id in "
            "(select customer_id from scores where r_score <> 3 limit 2)"
        )
        connection.execute(
            "delete from tiers where customer_id in (from tiers select min(customer_id))"
        )
        connection.execute("update abc set abc_class = 'D' where abc_class = 'A'")
    sys.path.insert(0, str(PROJECT / "benchmarks"))
    try:
        from core_build import agreement  # noqa: PLC0415 - a script's folder, on the path for this

        again = agreement(folder, report["by_hand"])["differing_rows"]
    finally:
        sys.path.remove(str(PROJECT / "benchmarks"))
    assert again["rfm_scores"] == 2
    assert again["tiers"] == 1
    assert again["abc_classes"] > 10
    assert again["history"] == 0


def test_the_fit_by_hand_is_that_of_the_project(report: dict[str, Any]) -> None:
    agreed = report["agreement"]
    assert agreed["cells"] == report["by_hand"]["cells"]
    assert abs(agreed["relative_difference_of_log_likelihood"]) < 1e-6


def test_every_step_has_its_seconds_memory_and_disk(report: dict[str, Any]) -> None:
    assert report["customers"] == CUSTOMERS
    assert report["orders"]["rows"] > 3 * CUSTOMERS
    for name in ("without_tests", "with_tests", "by_hand"):
        part = report[name]
        assert part["seconds"] > 0
        assert part["peak_memory_mebibytes"] > 50
        assert part["database_mebibytes"] > 0
        for step in part["steps"]:
            assert step["seconds"] >= 0
            assert step["peak_memory_mebibytes"] > 0, step
            assert step["peak_disk_mebibytes"] > 0, step
    assert {step["step"] for step in report["by_hand"]["steps"]} == {
        *("accepted_orders", "customer_days", "rfm_scores", "abc_classes"),
        *("tiers", "clv_fit", "history"),
    }
    assert {step["tests"] for step in report["without_tests"]["steps"]} == {0}
    assert all(step["tests"] for step in report["with_tests"]["steps"][1:])
    assert report["ratios"]["without_tests"]["seconds"] > 0


def test_the_table_has_the_totals_and_says_what_was_left_out(
    run: subprocess.CompletedProcess[str],
) -> None:
    for words in ("without tests", "with tests", "by hand", "Peers left out", "history"):
        assert words in run.stderr


def test_the_same_size_gives_the_same_orders_in_any_slices(tmp_path: Path) -> None:
    sys.path.insert(0, str(PROJECT / "benchmarks"))
    try:
        from measuring import order_maker, orders_of  # noqa: PLC0415 - as above
    finally:
        sys.path.remove(str(PROJECT / "benchmarks"))
    with order_maker(tmp_path) as connection:
        whole = connection.execute(f"from ({orders_of(0, 90)}) order by all").fetchall()
        parts = f"({orders_of(0, 40)}) union all ({orders_of(40, 90)})"
        assert connection.execute(f"from ({parts}) order by all").fetchall() == whole
    assert len(whole) > 300


@pytest.mark.parametrize("size", ["9999", "15000001"])
def test_a_size_that_was_never_meant_is_refused(size: str) -> None:
    finished = subprocess.run(
        [sys.executable, PROJECT / "benchmarks" / "core_build.py", "--customers", size],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1
    assert "SIZE is a number of customers from 10,000 to 15,000,000" in finished.stderr
