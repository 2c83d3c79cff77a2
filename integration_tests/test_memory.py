"""A build that does not fit into its memory says which setting helps; with enough it fits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from harness import ONLY_TABLES, PROJECT, Build, run_dbt

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from measuring import order_maker, orders_of
with order_maker(Path(sys.argv[2])) as connection:
    connection.execute(f"copy ({orders_of(0, 20000)}) to '{sys.argv[2]}/orders.parquet'")
"""
SELECT = ("--select", "+dim_customer_tiers", "--threads", "1")


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("orders")
    command = [sys.executable, "-c", ORDERS, str(PROJECT / "benchmarks"), str(folder)]
    subprocess.run(command, check=True)
    return folder / "orders.parquet"


def build(folder: Path, orders: Path, limit: str) -> Build:
    environment = {"TIERWISE_ORDERS": str(orders), "TIERWISE_MEMORY_LIMIT": limit}
    return run_dbt(folder, "build", *ONLY_TABLES, *SELECT, environment=environment)


def test_what_does_not_fit_names_the_setting_the_model_and_the_cure(
    tmp_path: Path, orders: Path
) -> None:
    failed = build(tmp_path / "shop", orders, "60MB")
    assert failed.returncode != 0
    said = " ".join(failed.output[failed.output.rindex("The build does not fit") :].split())
    assert said.startswith(
        "The build does not fit into MEMORY_LIMIT=60MB: DuckDB ran out of it in "
    )
    assert re.search(r"ran out of it in (int|fct|dim|stg)_\w+", said)
    for cure in ("make build MEMORY_LIMIT=12GB", "TIERWISE_MEMORY_LIMIT", "THREADS=1", "SPILL_"):
        assert cure in said
    assert failed.query("select build_state from _build") == [("failed",)]
    # The same shop with enough goes on where that stopped.
    whole = build(tmp_path / "shop", orders, "500MB").succeeded()
    assert "does not fit" not in whole.output
    assert whole.query("select count(*) > 15000 from dim_customer_tiers") == [(True,)]


def test_the_settings_reach_duckdb(tmp_path: Path) -> None:
    inline = (
        "select current_setting('memory_limit') as memory_limit, "
        "current_setting('temp_directory') as temp_directory"
    )
    environment = {"TIERWISE_MEMORY_LIMIT": "1GiB", "TIERWISE_SPILL_FOLDER": "spilled-there"}
    shown = run_dbt(tmp_path, "show", "--inline", inline, environment=environment).succeeded()
    assert "1.0 GiB" in shown.output
    assert "spilled-there" in shown.output


def test_make_hands_both_on(tmp_path: Path) -> None:
    # Stands in for the build: `make` alone is asked what it would give to it.
    rule = tmp_path / "Makefile"
    rule.write_text(
        f"include {PROJECT}/Makefile\n"
        "shown:\n\t@echo $$TIERWISE_MEMORY_LIMIT $$TIERWISE_SPILL_FOLDER\n",
        encoding="utf-8",
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TIERWISE_", "MAKE", "MFL"))}
    shown = subprocess.run(
        ["make", "-f", rule, "shown", "MEMORY_LIMIT=3GB", "SPILL_FOLDER=spill"],
        cwd=tmp_path,
        env=kept | {"PWD": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["3GB", f"{tmp_path}/spill"]
