"""Orders in foreign layouts, from files and from tables, and what is said of unreadable ones.

The two layouts that docs/your-own-orders.md walks through are built with the settings it shows.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml
from background import made_in_background
from harness import (
    ONLY_TABLES,
    PROJECT,
    Build,
    Case,
    Outcome,
    build_tables,
    build_tables_quickly,
    file_checksum,
    package_path,
    run_dbt,
    run_many,
    table_checksums,
    write_csv,
)

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = PROJECT / "docs" / "examples"


def example(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


# CDNOW: no order number, no header, blanks between the fields


@made_in_background
def cdnow(folder: Path) -> Build:
    orders = package_path("lifetimes", "datasets/CDNOW_master.txt")
    return build_tables(
        folder, settings=example("cdnow.yml"), environment={"TIERWISE_ORDERS": str(orders)}
    ).succeeded()


def test_cdnow_is_read_in_full(cdnow: Build) -> None:
    assert cdnow.query(
        "select count(*), sum(net_amount), count(distinct customer_id), min(order_date), "
        "max(order_date), count(*) filter (where net_amount = 0) from int_orders_accepted"
    ) == [
        (69_659, Decimal("2500315.63"), 23_570, dt.date(1997, 1, 1), dt.date(1998, 6, 30), 80),
    ]
    assert cdnow.query(
        "select read_count, accepted_count from rpt_input_reconciliation "
        "where source_table = 'orders'"
    ) == [(69_659, 69_659)]


def test_cdnow_ids_keep_their_zeros(cdnow: Build) -> None:
    assert cdnow.query("select min(customer_id), max(customer_id) from dim_customer_tiers") == [
        ("00001", "23570")
    ]


def test_cdnow_customers_who_never_paid_have_no_tier(cdnow: Build) -> None:
    assert cdnow.query(
        "select customer_stage, tier_code is null, count(*) from dim_customer_tiers "
        "group by 1, 2 order by 1"
    ) == [("customer", False, 23_502), ("non_buyer", True, 68)]


def test_cdnow_abc(cdnow: Build) -> None:
    assert cdnow.query(
        "select abc_class, count(*) from fct_customer_abc_classes group by 1 order by 1"
    ) == [("A", 7_695), ("B", 8_067), ("C", 7_740)]
    # Whatever the policy, everybody and all revenue are in the table of its tiers.
    policies = cdnow.query(
        "select sum(customer_count), sum(net_revenue_amount) from rpt_tier_summary "
        "group by policy_name"
    )
    assert policies == [(23_570, Decimal("2500315.63"))] * 8


# Invoice lines: an order is a group of lines, its amount an expression


@made_in_background
def invoice_lines(folder: Path) -> Build:
    lines = str(EXAMPLES / "invoice_lines.csv")
    return build_tables_quickly(
        folder,
        settings=example("invoice_lines.yml"),
        environment={"TIERWISE_ORDER_LINES": lines, "TIERWISE_REFUNDS": lines},
    ).succeeded()


def test_the_example_of_invoice_lines_does_what_its_page_says(invoice_lines: Build) -> None:
    assert invoice_lines.query(
        "select source_table, sum(read_count), sum(accepted_count), sum(collapsed_count), "
        "sum(quarantined_count), sum(left_out_count) "
        "from rpt_input_reconciliation group by 1 order by 1"
    ) == [("order_lines", 12, 10, 1, 1, 3), ("orders", 9, 7, 0, 2, 0), ("refunds", 2, 1, 0, 1, 13)]
    assert invoice_lines.query(
        "select source_table, reason_code, count(*) from fct_quarantined_rows "
        "group by 1, 2 order by 1, 2"
    ) == [
        ("order_lines", "AMOUNT_FORMAT", 1),
        # The only line of the order is the one above.
        ("orders", "LINES_UNREADABLE", 1),
        ("orders", "STATUS_UNKNOWN", 1),
        ("refunds", "REFUND_ORPHAN", 1),
    ]
    orders = {
        row["order_id"]: row for row in invoice_lines.rows("select * from int_orders_accepted")
    }
    # 6 x 2.55 + 2 x 7.65; a guest's; 3 x 0.125 rounded half away from zero.
    assert orders["900001"]["net_amount"] == Decimal("30.60")
    assert orders["900004"]["customer_id"] is None
    assert orders["900009"]["net_amount"] == Decimal("0.38")
    assert orders["900001"]["ordered_at"] == dt.datetime(2010, 12, 1, 8, 26)  # noqa: DTZ001 - UTC
    assert orders["900001"]["currency_code"] == "GBP"


def test_products_of_invoice_lines_are_classed(invoice_lines: Build) -> None:
    amounts = dict(
        invoice_lines.query("select product_id, metric_amount from fct_product_abc_classes")
    )
    # The cancelled invoice takes no mugs back, for it names no order.
    assert amounts == {
        "MUG-RED": Decimal("22.95"),
        "LAMP-S": Decimal("22.95"),
        "TEA-EARL": Decimal("40.20"),
        "MUG-BLUE": Decimal("11.80"),
        "BUTTON": Decimal("0.38"),
    }


@made_in_background
def many_invoice_lines(folder: Path) -> Build:
    """The same layout, some thousand lines, with every number made by rule."""
    rows = []
    for number in range(5_000):
        invoice = number // 7
        day = f"{1 + invoice % 12}/{1 + invoice % 28}/2011"
        rows.append(
            (
                536_365 + invoice,
                f"ART-{number % 101:03d}",
                1 + number % 12,
                f"{day} {invoice % 24}:{invoice % 60:02d}",
                f"{number % 997}.{number % 100:02d}",
                "" if invoice % 50 == 0 else 12_346 + invoice % 211,
            )
        )
    folder.mkdir(parents=True)
    with (folder / "invoices.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
        )
        writer.writerows(rows)
    return build_tables_quickly(
        folder,
        settings=example("invoice_lines.yml"),
        environment={
            "TIERWISE_ORDER_LINES": str(folder / "invoices.csv"),
            "TIERWISE_REFUNDS": str(folder / "invoices.csv"),
        },
    ).succeeded()


def test_invoice_lines_add_up_to_the_penny(many_invoice_lines: Build) -> None:
    totals: dict[str, Decimal] = {}
    with (many_invoice_lines.database.parent / "invoices.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            amount = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
            if row["CustomerID"]:
                customer = row["CustomerID"]
                totals[customer] = totals.get(customer, Decimal(0)) + amount
    assert len(totals) == 211
    found = dict(
        many_invoice_lines.query(
            "select customer_id, lifetime_net_revenue_amount from dim_customer_tiers"
        )
    )
    assert found == totals


# The same shop in every kind of file and table

ORDERS = [
    # number, customer, day, amount in cents
    (n, f"K{n % 40:03d}", dt.date(2024, 1, 1) + dt.timedelta(days=n % 366), 100 + 37 * n)
    for n in range(400)
]
REFUNDS = [(f"R{n}", n, "2024-12-30", f"0.{n}") for n in range(10, 30)]


def written(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@made_in_background
def from_one_csv(folder: Path) -> Build:
    orders = write_csv(
        folder / "orders.csv",
        "order_id,customer_id,ordered_at,amount",
        [f"{n},{customer},{day},{written(amount)}" for n, customer, day, amount in ORDERS],
    )
    refunds = write_csv(
        folder / "refunds.csv",
        "refund_id,order_id,refunded_at,amount",
        [",".join(map(str, row)) for row in REFUNDS],
    )
    # Relative paths count from where dbt is called.
    environment = {"TIERWISE_ORDERS": orders.name, "TIERWISE_REFUNDS": str(refunds)}
    return build_tables_quickly(folder, environment=environment).succeeded()


@made_in_background
def from_a_mixture(folder: Path) -> Build:
    """German CSV, compressed, in three files with three orders of columns; refunds in Parquet."""
    layouts = [
        ["Nummer", "Kunde", "Datum", "Betrag"],
        ["Betrag", "Nummer", "Datum", "Kunde"],
        ["Datum", "Betrag", "Kunde", "Nummer"],
    ]
    (folder / "export").mkdir(parents=True)
    for part, layout in enumerate(layouts):
        lines = [";".join(layout)]
        for number, customer, day, amount in ORDERS[part::3]:
            fields = {
                "Nummer": str(number),
                "Kunde": customer,
                "Datum": f"{day:%d.%m.%Y}",
                "Betrag": f"{amount // 100:,}".replace(",", ".") + f",{amount % 100:02d}",
            }
            lines.append(";".join(fields[name] for name in layout))
        path = folder / "export" / f"teil {part}.csv.gz"
        path.write_bytes(gzip.compress(("\ufeff" + "\r\n".join(lines) + "\r\n").encode()))
    with duckdb.connect() as connection:
        values = ", ".join(f"('{i}', {o}, date '{d}', {a})" for i, o, d, a in REFUNDS)
        connection.execute(
            f"copy (from (values {values}) as t(refund_id, order_id, refunded_at, amount)) "
            f"to '{folder}/refunds.parquet'"
        )
    settings = {
        "inputs": {
            "orders": {
                "path": str(folder / "export" / "*.csv.gz"),
                "csv": {"delimiter": ";"},
                "timestamp_format": "%d.%m.%Y",
                "decimal_separator": ",",
                "thousands_separator": ".",
                "columns": {
                    "order_id": "Nummer",
                    "customer_id": "Kunde",
                    "ordered_at": "Datum",
                    "amount": "Betrag",
                },
            },
            "refunds": {"path": "refunds.parquet"},
        }
    }
    return build_tables_quickly(folder, settings=settings).succeeded()


@made_in_background
def from_attached_tables(folder: Path) -> Build:
    """Tables of another DuckDB file, with types of their own and names in capitals."""
    folder.mkdir(parents=True)
    shop = folder / "the shop's.duckdb"
    with duckdb.connect(str(shop)) as connection:
        connection.execute("create schema sales")
        connection.execute(
            'create table sales."Order Headers" '
            '("No" integer, "Client" varchar, "At" timestamptz, "Cents" bigint)'
        )
        connection.executemany(
            'insert into sales."Order Headers" values (?, ?, cast(? as timestamptz), ?)',
            [(n, customer, f"{day} 12:00:00+00", amount) for n, customer, day, amount in ORDERS],
        )
        connection.execute(
            "create table refunds (refund_id varchar, order_id integer, refunded_at date, "
            "amount decimal(9, 2))"
        )
        connection.executemany("insert into refunds values (?, ?, ?, ?)", REFUNDS)
    before = file_checksum(shop)
    settings = {
        "inputs": {
            "orders": {
                "database": "shop",
                "schema": "sales",
                "table": "Order Headers",
                "columns": {
                    "order_id": "No",
                    "customer_id": "client",
                    "ordered_at": "At",
                    "amount": '"Cents" / 100.0',
                },
            },
            "refunds": {"database": "shop"},
        }
    }
    build = build_tables_quickly(
        folder, settings=settings, environment={"TIERWISE_ATTACH": str(shop)}
    ).succeeded()
    assert file_checksum(shop) == before
    return build


def test_one_csv_is_what_it_was_made_to_be(from_one_csv: Build) -> None:
    in_cents = sum(amount for *_, amount in ORDERS) - sum(range(10, 30))
    assert from_one_csv.query(
        "select sum(lifetime_net_revenue_amount) * 100, count(*) from dim_customer_tiers"
    ) == [(in_cents, 40)]


def assert_same_marts(other: Build, expected: Build) -> None:
    tables = ("dim_", "fct_customer", "fct_rfm", "rpt_abc", "rpt_tier", "int_customer")
    assert table_checksums(other, tables) == table_checksums(expected, tables)


def test_compressed_german_csv_and_parquet_give_the_same_marts(
    from_one_csv: Build, from_a_mixture: Build
) -> None:
    assert_same_marts(from_a_mixture, from_one_csv)


def test_tables_of_an_attached_database_give_the_same_marts(
    from_one_csv: Build, from_attached_tables: Build
) -> None:
    assert_same_marts(from_attached_tables, from_one_csv)


# Errors, before any model runs

HEADER = "order_id,customer_id,ordered_at,amount"
LINE = "1,a,2024-01-01,10.00"


def broken_files(folder: Path) -> dict[str, Path]:
    good = write_csv(folder / "good.csv", HEADER, [LINE, "2,b,2024-01-02,20.00"])
    (folder / "empty.csv").write_bytes(b"")
    (folder / "a folder").mkdir()
    write_csv(folder / "header only.csv", HEADER, [])
    write_csv(folder / "missing.csv", "order_id,client,ordered_at,total", [LINE])
    write_csv(folder / "twice.csv", "order_id,customer_id,ordered_at,amount,Amount", [f"{LINE},2"])
    write_csv(folder / "too many.csv", HEADER, [f"{LINE},1", "2,b,2024-01-02,20.00,1"])
    write_csv(folder / "one too many.csv", HEADER, [LINE, "2,b,2024-01-02,5.00,1", LINE])
    (folder / "quotes.csv").write_text(f'{HEADER}\n1,a,2024-01-01,"1"0"\n2,"b,2024-01-02,20.00\n')
    write_csv(folder / "drift-1.csv", HEADER, [LINE])
    write_csv(folder / "drift-2.csv", HEADER.replace("amount", "total"), [LINE])
    (folder / "latin.csv").write_bytes(f"{HEADER}\n1,M\xfcller,2024-01-01,1\n".encode("latin-1"))
    packed = gzip.compress((f"{HEADER}\n" + f"{LINE}\n" * 5000).encode())
    (folder / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "text.parquet").write_bytes(good.read_bytes())
    parquet = folder / "whole.parquet"
    with duckdb.connect() as connection:
        connection.sql(
            "select cast(range as varchar) as order_id, 'c' || range as customer_id, "
            "date '2024-01-01' as ordered_at, 1.00 as amount from range(5000)"
        ).write_parquet(str(parquet))
    data = bytearray(parquet.read_bytes())
    (folder / "cut.parquet").write_bytes(data[: len(data) // 2])
    return {path.name: path for path in folder.iterdir()}


# Name, file, words of the message: the cause, and the cure where it is not the same.
FILE_ERRORS = {
    "wrong path": ("no such file.csv", ["FILE_MISSING", "no such file.csv", "does not exist"]),
    "glob without match": ("x-*.csv", ["FILE_MISSING", "x-*.csv", "matches no file"]),
    "folder": ("a folder", ["FILE_MISSING", "is a folder", "*.csv"]),
    "zero bytes": ("empty.csv", ["FILE_EMPTY", "empty.csv"]),
    "header only": ("header only.csv", ["FILE_NO_ROWS", "header only.csv"]),
    "missing column": (
        "missing.csv",
        ["SCHEMA_MISSING_COLUMN", "customer_id, amount", "client", "total", "columns"],
    ),
    "duplicate column": ("twice.csv", ["SCHEMA_DUPLICATE_COLUMN", "mount"]),
    "too many fields in every line": (
        "too many.csv",
        ["ROW_FIELD_COUNT", "too many.csv", "line 2", "2 rows", "csv.delimiter"],
    ),
    "no quote that fits": ("quotes.csv", ["ROW_QUOTING", "quotes.csv", "line 2", "csv.quote"]),
    "files that differ": ("drift-*.csv", ["SCHEMA_DRIFT", "drift-2.csv", "total"]),
    "another encoding": ("latin.csv", ["FILE_ENCODING", "latin.csv", "line 2", "latin-1"]),
    "truncated gz": ("cut.csv.gz", ["FILE_CORRUPT", "cut.csv.gz"]),
    "truncated parquet": ("cut.parquet", ["FILE_CORRUPT", "cut.parquet"]),
    "csv called parquet": ("text.parquet", ["FILE_FORMAT", "text.parquet"]),
    "package": ("package:no_such_package/x.csv", ["FILE_MISSING", "no_such_package"]),
}

SETTING_ERRORS: dict[str, tuple[dict[str, object], list[str]]] = {
    "unknown column": (
        {"orders": {"path": "good.csv", "columns": {"amount": "price * 2"}}},
        ["'orders'", "'amount'", "no column 'price'", "order_id, customer_id, ordered_at, amount"],
    ),
    "no orders": ({"customers": {"path": "good.csv"}}, ["There are no orders", "customers"]),
    "unknown table": (
        {"invoices": {"path": "good.csv"}},
        ["Setting 'inputs'", "no table 'invoices'", "order_lines"],
    ),
    "unknown key": (
        {"orders": {"file": "good.csv"}},
        ["Setting 'inputs'", "no 'file'", "path"],
    ),
    "table that is not there": (
        {"orders": {"database": "tiers", "schema": "main", "table": "sales"}},
        ["TABLE_MISSING", "tiers.main.sales"],
    ),
    "separator that the data do not have": (
        {"orders": {"path": "good.csv", "csv": {"delimiter": ";"}}},
        ["SCHEMA_HEADER", "good.csv", "delimiter"],
    ),
}


@made_in_background
def refused_inputs(folder: Path) -> dict[str, Outcome]:
    files = folder / "files"
    files.mkdir(parents=True)
    broken_files(files)

    def located(path: str) -> str:
        return path if path.startswith("package:") else str(files / path)

    cases = {
        name: Case(environment={"TIERWISE_ORDERS": located(path)})
        for name, (path, _) in FILE_ERRORS.items()
    }
    for name, (inputs, _) in SETTING_ERRORS.items():
        text = yaml.safe_dump({"inputs": inputs}).replace("good.csv", str(files / "good.csv"))
        cases[name] = Case(text)
    for name in ("good", "one too many"):
        cases[name] = Case(
            environment={"TIERWISE_ORDERS": str(files / f"{name}.csv")},
            arguments=("build", *ONLY_TABLES),
        )
    return run_many(folder, cases)


@pytest.mark.parametrize("name", [*FILE_ERRORS, *SETTING_ERRORS])
def test_an_input_that_cannot_be_read_is_refused(
    refused_inputs: dict[str, Outcome], name: str
) -> None:
    outcome = refused_inputs[name]
    words = (FILE_ERRORS | SETTING_ERRORS)[name][1]
    assert not outcome.success, outcome.output
    assert [word for word in words if word not in outcome.output] == [], outcome.output
    # The lines that were read one by one may be there, but no model has read them.
    assert outcome.tables <= {"input_rows_read_by_line"}


@pytest.mark.parametrize("name", ["good", "one too many"])
def test_the_good_file_beside_them_is_built(refused_inputs: dict[str, Outcome], name: str) -> None:
    """A line that is no row costs no other line; tests of verdicts say what becomes of it."""
    assert refused_inputs[name].success, refused_inputs[name].output
    assert "dim_customer_tiers" in refused_inputs[name].tables


@made_in_background
def good_then_bad(folder: Path) -> tuple[dict[str, str], dict[str, str], Build]:
    """A build, then the same with no line whole: what stood before must stand after."""
    orders = write_csv(folder / "orders.csv", HEADER, [LINE, "2,b,2024-01-02,20.00"])
    environment = {"TIERWISE_ORDERS": str(orders)}
    built = build_tables_quickly(folder, environment=environment).succeeded()
    before = table_checksums(built, ("dim_", "fct_", "rpt_", "int_"))
    orders.write_text(f'{HEADER}\n1,"a,2024-01-01,10.00', encoding="utf-8")
    refused = run_dbt(folder, "build", environment=environment)
    return before, table_checksums(built, ("dim_", "fct_", "rpt_", "int_")), refused


def test_a_refused_file_changes_nothing(
    good_then_bad: tuple[dict[str, str], dict[str, str], Build],
) -> None:
    before, after, refused = good_then_bad
    assert refused.returncode != 0
    assert "ROW_QUOTING" in refused.output
    assert "orders.csv" in refused.output
    assert before == after
    assert len(before) > 20
