"""The unit tests of the models, which `make build` leaves out: they are about the code."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import yaml
from background import made_in_background
from harness import BUILD, PROJECT, run_dbt

if TYPE_CHECKING:
    from pathlib import Path


def declared() -> set[str]:
    """Return the names of the unit tests that stand in the yml files."""
    files = (
        yaml.safe_load(path.read_text("utf-8")) for path in (PROJECT / "models").rglob("*.yml")
    )
    return {test["name"] for file in files for test in file.get("unit_tests", [])}


@made_in_background
def unit_test_results(folder: Path) -> list[dict[str, Any]]:
    # Tables without rows: dbt reads from them which columns the made-up rows have.
    run_dbt(folder, *BUILD, "--exclude-resource-type", "test", "--empty").succeeded()
    run_dbt(folder, "test", "--select", "test_type:unit")
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder)
    return [result for result in results["results"] if result["unique_id"].startswith("unit_test.")]


def test_every_unit_test_passes(unit_test_results: list[dict[str, Any]]) -> None:
    failed = [
        f"{result['unique_id']}: {result['message']}"
        for result in unit_test_results
        if result["status"] != "pass"
    ]
    assert failed == []
    assert {result["unique_id"].split(".")[-1] for result in unit_test_results} == declared()
