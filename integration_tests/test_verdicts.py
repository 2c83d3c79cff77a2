"""One small bad file per verdict, through the real build: nothing wrong is taken in without a word.

Faults of rows share one build, each in a file of its own between two good rows; a fault of a whole
file stops a run of its own.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from background import made_in_background
from broken_files import AS_OF, BAD_FILES, DEFAULTS, BadFile, Row
from harness import (
    DATABASE,
    ONLY_TABLES,
    PROJECT,
    Build,
    Case,
    Outcome,
    build_tables,
    build_tables_quickly,
    copy_project,
    run_many,
    table_checksums,
    write_csv,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The models that say what became of every row of a table.
CHECKED = {
    "orders": "int_orders_checked",
    "order_lines": "int_order_lines_checked",
    "refunds": "int_refunds_checked",
    "customers": "int_customers_checked",
    "products": "int_products_checked",
}
VERDICTS = ("accepted", "collapsed", "superseded", "quarantined")

# Faults of rows, all in one build


@dataclass(frozen=True)
class Shop:
    """What the build of all bad files says, by table and file name."""

    build: Build
    verdicts: dict[tuple[str, str], dict[int, str]]
    quarantine: dict[tuple[str, str], dict[int, dict[str, Any]]]
    orders: dict[str, dict[int, dict[str, Any]]]
    flags: dict[tuple[str, str], set[str]]
    reconciliation: dict[tuple[str, str], dict[str, Any]]
    file_hashes: dict[tuple[str, str], str]


def by_file(rows: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        key = row["source_table"], Path(row["source_file"]).name
        found.setdefault(key, []).append(row)
    return found


def by_line(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    found = {row["line_number"]: row for row in rows}
    assert len(found) == len(rows), f"a line of {rows[0]['source_file']} was judged twice"
    return found


def read_shop(build: Build) -> Shop:
    judged = build.rows(
        " union all ".join(
            f"select '{table}' as source_table, source_file, source_line as line_number, verdict "  # noqa: S608
            f"from {model} inner join stg_commerce__files using (source_file_key) "
            f"where source_table = '{table}' and duplicate_of is null"
            for table, model in CHECKED.items()
        )
    )
    orders = build.rows(
        "select source_table, source_file, source_line as line_number, int_orders_accepted.* "
        "from int_orders_accepted inner join stg_commerce__files using (source_file_key) "
        "where source_table = 'orders' and duplicate_of is null"
    )
    flags: dict[tuple[str, str], set[str]] = {}
    for row in build.rows("select * from fct_flagged_rows"):
        flags.setdefault((row["source_table"], row["record_id"]), set()).add(row["reason_code"])
    files = build.rows("select * from stg_commerce__files")
    return Shop(
        build=build,
        verdicts={
            key: {line: row["verdict"] for line, row in by_line(rows).items()}
            for key, rows in by_file(judged).items()
        },
        quarantine={
            key: by_line(rows)
            for key, rows in by_file(build.rows("select * from fct_quarantined_rows")).items()
        },
        orders={key[1]: by_line(rows) for key, rows in by_file(orders).items()},
        flags=flags,
        reconciliation={
            key: rows[0]
            for key, rows in by_file(build.rows("select * from rpt_input_reconciliation")).items()
        },
        file_hashes={key: rows[0]["file_sha256"] for key, rows in by_file(files).items()},
    )


@made_in_background
def bad_rows(folder: Path) -> Shop:
    for file in BAD_FILES:
        file.write(folder)
    [twice] = [file for file in BAD_FILES if file.name == "twice-a"]
    (folder / "orders" / "twice-b.csv").write_bytes(twice.content())
    (folder / "orders" / "twice-c.csv.gz").write_bytes(gzip.compress(twice.content()))
    project = copy_project(folder / "project")
    write_csv(
        project / "seeds" / "policy" / "fx_rates.csv",
        "currency_code,valid_from,valid_to,rate_to_base",
        ["EUR,2024-02-01,2024-03-01,2"],
    )
    build = build_tables(
        folder / "build",
        project=project,
        settings={
            "as_of_date": str(AS_OF),
            "quarantined_revenue_limit": None,
            "inputs": {table: {"path": str(folder / table / "*")} for table in DEFAULTS},
        },
    )
    return read_shop(build.succeeded())


def name_of(case: BadFile) -> str:
    return f"{case.table}: {case.name}"


@pytest.fixture(params=BAD_FILES, ids=name_of)
def case(request: pytest.FixtureRequest) -> BadFile:
    found: BadFile = request.param
    return found


def place(case: BadFile) -> tuple[str, str]:
    return case.table, case.file_name


def test_every_line_has_its_verdict(bad_rows: Shop, case: BadFile) -> None:
    expected = {line: row.verdict for line, row in case.lines().items()}
    assert bad_rows.verdicts[place(case)] == expected


def test_quarantine_names_code_field_and_line(bad_rows: Shop, case: BadFile) -> None:
    expected = {
        line: (row.code, row.column)
        for line, row in case.lines().items()
        if row.verdict == "quarantined"
    }
    found = bad_rows.quarantine.get(place(case), {})
    assert {n: (row["reason_code"], row["field"]) for n, row in found.items()} == expected
    for row in found.values():
        assert row["reason_codes"].split(",")[0] == row["reason_code"]
        assert row["severity"]
        assert row["run_id"]
        # What was wrong can be read there, and how the row stood in the file.
        assert row["source_record"]
        assert row["detail"] or row["field"] is None


def test_quarantine_has_the_hashes_of_file_and_line(bad_rows: Shop, case: BadFile) -> None:
    found = bad_rows.quarantine.get(place(case), {})
    hashes = case.line_hashes()
    assert {n: row["line_sha256"] for n, row in found.items()} == {n: hashes[n] for n in found}
    assert {row["file_sha256"] for row in found.values()} <= {bad_rows.file_hashes[place(case)]}


def loaded_orders(case: BadFile) -> dict[int, dict[str, object]]:
    """Return what must be known of the accepted orders of a file, by line."""
    keys, found = case.keys(), {}
    for line, row in case.lines().items():
        if row.verdict == "accepted" and row.code != "ORDER_DELETED":
            found[line] = {
                "order_id": row.value("orders", "order_id", keys[line]),
                "customer_id": row.value("orders", "customer_id", keys[line]),
                "order_date": dt.date(2024, 2, 10),
                "net_amount": Decimal("10.00"),
                "channel": None,
                **row.loaded,
            }
    return found


ORDER_FILES = [case for case in BAD_FILES if case.table == "orders"]


@pytest.mark.parametrize("case", ORDER_FILES, ids=name_of)
def test_accepted_orders_are_what_stood_in_the_file(bad_rows: Shop, case: BadFile) -> None:
    expected = loaded_orders(case)
    found = bad_rows.orders[case.file_name]
    assert {
        line: {name: row[name] for name in expected.get(line, {})} for line, row in found.items()
    } == expected


@pytest.mark.parametrize("case", ORDER_FILES, ids=name_of)
def test_flags_are_raised_where_they_belong(bad_rows: Shop, case: BadFile) -> None:
    loaded, keys = loaded_orders(case), case.keys()
    for line, row in case.lines().items():
        if line in loaded:
            expected = set(row.flags)
            found = bad_rows.flags.get(("orders", str(loaded[line]["order_id"])), set())
            customer = loaded[line]["customer_id"]
            if customer is not None:
                found = found | bad_rows.flags.get(("customers", str(customer)), set())
        else:
            expected = set()
            found = set()
            if row.text is None and row.code not in ("AMOUNT_FORMAT", "SUPERSEDED"):
                key = row.value("orders", "customer_id", keys[line])
                found = bad_rows.flags.get(("customers", key), set())
        assert found == expected, line


def test_read_is_what_was_accepted_collapsed_superseded_and_quarantined(
    bad_rows: Shop, case: BadFile
) -> None:
    found = bad_rows.reconciliation[place(case)]
    counted = Counter(row.verdict for row in case.all_rows)
    assert {name: found[f"{name}_count"] for name in VERDICTS} == {
        name: counted[name] for name in VERDICTS
    }
    assert found["read_count"] == len(case.all_rows) == sum(counted.values())


def test_no_file_is_there_that_no_case_made(bad_rows: Shop) -> None:
    copies = {("orders", "twice-b.csv"), ("orders", "twice-c.csv.gz")}
    assert set(bad_rows.reconciliation) == {place(case) for case in BAD_FILES} | copies
    assert set(bad_rows.verdicts) == {place(case) for case in BAD_FILES}
    assert set(bad_rows.quarantine) <= {place(case) for case in BAD_FILES}


def test_a_file_that_came_twice_is_read_once(bad_rows: Shop) -> None:
    first = bad_rows.reconciliation["orders", "twice-a.csv"]
    assert first["duplicate_of"] is None
    for name in ("twice-b.csv", "twice-c.csv.gz"):
        copy = bad_rows.reconciliation["orders", name]
        assert copy["duplicate_of"] == first["source_file"]
        assert copy["read_count"] == copy["accepted_count"] == 0
        assert bad_rows.flags["orders", copy["source_file"]] == {"FILE_DUPLICATE"}


def test_a_column_nobody_asked_for_is_left_out_and_said(bad_rows: Shop) -> None:
    assert bad_rows.build.query(
        "select source_table, detail from fct_flagged_rows "
        "where reason_code = 'SCHEMA_EXTRA_COLUMN'"
    ) == [("refunds", "nobody asked for this")]


def test_quality_report_counts_every_case(bad_rows: Shop) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for case in BAD_FILES:
        for row in case.all_rows:
            if row.code:
                expected[case.table, row.code] += 1
            for flag in row.flags:
                expected["customers" if flag == "ID_VARIANT" else "orders", flag] += 1
    expected["orders", "FILE_DUPLICATE"] = 2
    expected["refunds", "SCHEMA_EXTRA_COLUMN"] = 1
    found = {
        (table, code): count
        for table, code, count in bad_rows.build.query(
            "select source_table, reason_code, sum(row_count) from rpt_data_quality group by 1, 2"
        )
    }
    assert found == expected


def test_every_customer_comes_out_as_written_and_nobody_else(bad_rows: Shop) -> None:
    expected = {
        str(order["customer_id"])
        for case in ORDER_FILES
        for line, order in loaded_orders(case).items()
        if order["customer_id"] is not None and "DATE_FUTURE" not in case.lines()[line].flags
    } | {
        row.value("customers", "customer_id", case.keys()[line])
        for case in BAD_FILES
        if case.table == "customers"
        for line, row in case.lines().items()
        if row.verdict == "accepted"
    }
    assert set(bad_rows.build.by("customer_id", "dim_customer_tiers")) == expected


def test_guests_are_revenue_and_nobody(bad_rows: Shop) -> None:
    guests = [row for case in ORDER_FILES for row in case.rows if row.code == "GUEST_ORDER"]
    assert bad_rows.build.query(
        "select count(*), sum(net_amount) from int_orders_accepted where is_guest"
    ) == [(len(guests), 10 * len(guests))]
    assert bad_rows.build.query(
        "select net_revenue_amount from rpt_tier_summary "
        "where tier_code = 'guest' and is_active_policy"
    ) == [(10 * len(guests),)]


def test_an_order_of_nothing_is_no_purchase(bad_rows: Shop) -> None:
    assert bad_rows.build.query(
        "select distinct is_purchase from int_orders_accepted where net_amount = 0"
    ) == [(False,)]


def test_composed_and_decomposed_ids_are_one_customer(bad_rows: Shop) -> None:
    customers = bad_rows.build.by("customer_id", "dim_customer_tiers")
    assert customers["José"]["lifetime_order_count"] == 2
    assert customers["maria-1"]["lifetime_order_count"] == 1
    assert customers["m\u0430ria-1"]["lifetime_order_count"] == 1


# Faults of whole files, each in a run of its own

HEADER = "order_id,customer_id,ordered_at,amount"
LINE = "1,a,2024-01-01,10.00"
TEXT = f"{HEADER}\n{LINE}\n2,b,2024-01-02,20.00\n"
LONG_TEXT = f"{HEADER}\n" + "".join(f"{n},c{n},2024-01-01,1.00\n" for n in range(5000))


def parquet_bytes(folder: Path, rows: int = 5000) -> bytes:
    path = folder / "made.parquet"
    with duckdb.connect() as connection:
        connection.sql(
            "select cast(range as varchar) as order_id, 'c' || range as customer_id, "
            "date '2024-01-01' as ordered_at, 1.00 as amount from range(?)",
            params=[rows],
        ).write_parquet(str(path), compression="uncompressed")
    data = path.read_bytes()
    path.unlink()
    return data


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@dataclass(frozen=True)
class FileFault:
    """Files, the code that must stop the run, and words of its message: cause, line and cure."""

    code: str
    words: tuple[str, ...]
    files: Mapping[str, bytes | Callable[[Path], bytes]] = field(default_factory=dict)
    path: str = ""
    csv: Mapping[str, object] = field(default_factory=dict)

    @property
    def pattern(self) -> str:
        return self.path or next(iter(self.files))


def one(code: str, name: str, content: bytes, *words: str, **csv: object) -> FileFault:
    return FileFault(code, (name, *words), {name: content}, csv=csv)


GERMAN = f"{HEADER}\n1,Müller,2024-01-01,1.00\n2,Jörg,2024-01-01,1.00\n"
CHINESE = f"{HEADER}\n" + "".join(
    f"{n},{name},2024-01-01,1.00\n"
    for n, name in enumerate(["北京客户", "上海商店", "广州公司", "深圳超市"])
)

FILE_FAULTS = {
    "zero bytes": one("FILE_EMPTY", "empty.csv", b"", "export it again"),
    "only a mark": one("FILE_EMPTY", "mark.csv", codecs.BOM_UTF8, "export it again"),
    "only blank lines": one("FILE_EMPTY", "blank.csv", b"\n\n \r\n", "export it again"),
    "empty gzip": one("FILE_EMPTY", "empty.csv.gz", gzip.compress(b""), "export it again"),
    "missing file": FileFault(
        "FILE_MISSING",
        ("ordres.csv", "does not exist", "orders.csv", "did you mean"),
        {"orders.csv": TEXT.encode()},
        "ordres.csv",
    ),
    "glob without match": FileFault(
        "FILE_MISSING", ("x-*.csv", "matches no file"), {"y.csv": TEXT.encode()}, "x-*.csv"
    ),
    "folder": FileFault(
        "FILE_MISSING", ("is a folder", "*.csv"), {"sub/y.csv": TEXT.encode()}, "sub"
    ),
    "truncated gzip": one(
        "FILE_CORRUPT",
        "cut.csv.gz",
        gzip.compress(LONG_TEXT.encode())[:-2000],
        "gzip",
        "copy or export it again",
    ),
    "damaged gzip": one(
        "FILE_CORRUPT",
        "damaged.csv.gz",
        flipped(gzip.compress(LONG_TEXT.encode(), compresslevel=0), 40_000),
        "gzip",
        "copy or export it again",
    ),
    "truncated parquet": FileFault(
        "FILE_CORRUPT",
        ("cut.parquet", "truncated", "copy or export it again"),
        {"cut.parquet": lambda folder: parquet_bytes(folder)[:-1000]},
    ),
    "flipped parquet": FileFault(
        "FILE_CORRUPT",
        ("flipped.parquet", "damaged", "copy or export it again"),
        {"flipped.parquet": lambda folder: flipped(parquet_bytes(folder), 20)},
    ),
    "csv called parquet": one("FILE_FORMAT", "text.parquet", TEXT.encode(), "name it .csv"),
    "parquet called csv": FileFault(
        "FILE_FORMAT", ("columns.csv", "name it .parquet"), {"columns.csv": parquet_bytes}
    ),
    "csv called gz": one("FILE_FORMAT", "text.csv.gz", TEXT.encode(), "name it .csv"),
    "gz called csv": one(
        "FILE_FORMAT", "packed.csv", gzip.compress(TEXT.encode()), "name it .csv.gz"
    ),
    "workbook": one("FILE_FORMAT", "book.csv", b"PK\x03\x04" + bytes(100), "Excel", "export"),
    "web page": one("FILE_FORMAT", "page.csv", b"<!DOCTYPE html><html>", "web page", "export"),
    "binary": one("FILE_FORMAT", "binary.csv", bytes(range(256)) * 8 + bytes(512), "binary"),
    "csv beside parquet": FileFault(
        "FILE_FORMAT",
        ("b.parquet", "narrow the glob"),
        {"a.csv": TEXT.encode(), "b.parquet": parquet_bytes},
        "*",
    ),
    "header only": one("FILE_NO_ROWS", "none.csv", f"{HEADER}\n".encode(), "export it again"),
    "parquet without rows": FileFault(
        "FILE_NO_ROWS",
        ("none.parquet", "export it again"),
        {"none.parquet": lambda folder: parquet_bytes(folder, 0)},
    ),
    "utf-16": one(
        "FILE_ENCODING",
        "utf16.csv",
        TEXT.encode("utf-16"),
        "likely utf-16",
        "declare csv.encoding: utf-16",
        "iconv",
    ),
    "utf-16 without mark": one(
        "FILE_ENCODING", "utf16.csv", TEXT.encode("utf-16-le"), "likely utf-16", "iconv"
    ),
    "utf-16 big-endian": one(
        "FILE_ENCODING",
        "utf16be.csv",
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        "utf-16-be",
        "iconv -f UTF-16BE",
    ),
    "gbk": one(
        "FILE_ENCODING", "gbk.csv", CHINESE.encode("gbk"), "line 2", "likely gb18030", "iconv"
    ),
    "latin-1": one(
        "FILE_ENCODING",
        "latin.csv",
        GERMAN.encode("latin-1"),
        "line 2",
        "likely latin-1",
        "declare csv.encoding: latin-1",
    ),
    "latin-1 far below": one(
        "FILE_ENCODING",
        "latin.csv",
        (LONG_TEXT + "x,Müller,2024-01-01,1\n").encode("latin-1"),
        "line 5002",
        "likely latin-1",
    ),
    "windows-1252": one(
        "FILE_ENCODING",
        "windows.csv",
        f"{HEADER}\n1,10 €,2024-01-01,1\n".encode("cp1252"),
        "line 2",
        "windows-1252",
        "iconv",
    ),
    "one wrong byte": one(
        "FILE_ENCODING",
        "byte.csv",
        TEXT.encode().replace(b",b,", b",\xff,"),
        "line 3",
    ),
    "declared gbk": one(
        "FILE_ENCODING", "gbk.csv", CHINESE.encode("gbk"), "iconv -f GBK", encoding="gbk"
    ),
    "declared utf-16 and is not": one(
        "FILE_ENCODING", "text.csv", TEXT.encode(), "not utf-16", "declared", encoding="utf-16"
    ),
    "declared latin-1 and is windows": one(
        "FILE_ENCODING",
        "windows.csv",
        f"{HEADER}\n1,10 €,2024-01-01,1\n".encode("cp1252"),
        "windows-1252",
        encoding="latin-1",
    ),
    "missing column": one(
        "SCHEMA_MISSING_COLUMN",
        "missing.csv",
        b"order_id,client,ordered_at,total\n1,a,2024-01-01,1\n",
        "customer_id, amount",
        "client",
        "total",
        "inputs: orders: columns",
    ),
    "duplicate column": one(
        "SCHEMA_DUPLICATE_COLUMN",
        "twice.csv",
        f"{HEADER}, Amount \n{LINE},2\n".encode(),
        "Amount",
        "rename one",
    ),
    "no header": one(
        "SCHEMA_HEADER",
        "bare.csv",
        f"{LINE}\n2,b,2024-01-02,20.00\n".encode(),
        "line 1",
        "csv.header: false",
    ),
    "column without name": one(
        "SCHEMA_HEADER", "unnamed.csv", f"{HEADER},\n{LINE},x\n".encode(), "line 1", "column 5"
    ),
    "blank first line": one(
        "SCHEMA_HEADER", "blank.csv", f"\n{TEXT}".encode(), "line 1", "csv.skip_lines"
    ),
    "another separator": one(
        "SCHEMA_HEADER",
        "semicolons.csv",
        TEXT.replace(",", ";").encode(),
        "line 1",
        "csv.delimiter: ';'",
    ),
    "open quote in the header": one(
        "SCHEMA_HEADER", "quote.csv", TEXT.replace("order_id", '"order_id').encode(), "line 1"
    ),
    "header where none is declared": one(
        "SCHEMA_HEADER",
        "header.csv",
        TEXT.encode(),
        "line 1",
        "set it to true",
        header=False,
        column_names=HEADER.split(","),
    ),
    "too few names declared": one(
        "ROW_FIELD_COUNT",
        "names.csv",
        f"{LINE}\n".encode(),
        "line 1",
        "4 fields instead of 3",
        "csv.column_names",
        header=False,
        column_names=HEADER.split(",")[:3],
    ),
    "columns that differ": FileFault(
        "SCHEMA_DRIFT",
        ("part-2.csv", "lacks amount", "total", "narrow the glob"),
        {"part-1.csv": TEXT.encode(), "part-2.csv": TEXT.replace("amount", "total").encode()},
        "part-*.csv",
    ),
    "a column more": FileFault(
        "SCHEMA_DRIFT",
        ("part-2.csv", "in addition status", "narrow the glob"),
        {"part-1.csv": TEXT.encode(), "part-2.csv": f"{HEADER},status\n{LINE},paid\n".encode()},
        "part-*.csv",
    ),
}

# Builds with settings that the bad rows cannot share


@dataclass(frozen=True)
class Declared:
    """A build of its own: files, settings, and then what is in the database."""

    files: Mapping[str, bytes | Callable[[Path], bytes]]
    settings: Mapping[str, object]
    succeeds: bool = True


BARE_ROWS = """\
1;Müller;10.02.2024;1.234,50
2;Jörg;31.02.2024;1,00
3;Zoë;2024-02-10;1,00
4;Åse;10.02.24;1,00
5;José;10.02.2024;1,234.50
6;Núñez;10.02.2024;12.34
7;Øre;10.02.2024;(12,00)
8;Ærø;10.02.2024;1.234.567,891
"""
BARE = {"header": False, "column_names": HEADER.split(","), "delimiter": ";"}
GERMAN_INPUT = {
    "timestamp_format": "%d.%m.%Y",
    "decimal_separator": ",",
    "thousands_separator": ".",
    "timezone": "Europe/Berlin",
}


def typed_parquet(folder: Path) -> bytes:
    """Columns that are numbers and times already can hold nonsense too."""
    path = folder / "typed.parquet"
    with duckdb.connect() as connection:
        connection.sql(
            "select * from (values "
            "(1, 'a', timestamp '2024-02-10', 10.5::double), "
            "(2, 'b', timestamp '2024-02-10', 'nan'::double), "
            "(3, 'c', timestamp '2024-02-10', '-infinity'::double), "
            "(4, 'd', 'infinity'::timestamp, 1.0::double), "
            "(5, 'e', null, 1.0::double), "
            "(6, 'f', timestamp '2024-02-10', 12.345::double), "
            "(7, 'g', timestamp '2024-02-10', 1e300::double), "
            "(8, null, timestamp '2024-02-10', 2.0::double), "
            "(null, 'i', timestamp '2024-02-10', 2.0::double)"
            ") as rows(order_id, customer_id, ordered_at, amount)"
        ).write_parquet(str(path))
    return path.read_bytes()


LINE_HEADER = "order_id,line_number,product_id,quantity,amount,customer_id,ordered_at"

DECLARED = {
    "latin-1 and german": Declared(
        {
            "orders.csv": BARE_ROWS.encode("latin-1"),
            "refunds.csv": b"1;1;11.02.2024;1.000,50\n2;1;11.02.24;1,00\n",
        },
        {
            "quarantined_revenue_limit": None,
            "inputs": {
                "orders": {
                    **GERMAN_INPUT,
                    "path": "orders.csv",
                    "csv": BARE | {"encoding": "latin-1"},
                },
                "refunds": {
                    **GERMAN_INPUT,
                    "path": "refunds.csv",
                    "csv": BARE
                    | {"column_names": ["refund_id", "order_id", "refunded_at", "amount"]},
                },
            },
        },
    ),
    "utf-16": Declared(
        {"orders.csv": f"{CHINESE}x,张三\n".encode("utf-16")},
        {"inputs": {"orders": {"path": "orders.csv", "csv": {"encoding": "utf-16"}}}},
    ),
    "no rows allowed": Declared(
        {"orders.csv": TEXT.encode(), "refunds.csv": b"refund_id,order_id,refunded_at,amount\n"},
        {
            "inputs": {
                "orders": {"path": "orders.csv"},
                "refunds": {"path": "refunds.csv", "allow_no_rows": True},
            }
        },
    ),
    "typed": Declared(
        {"orders.parquet": typed_parquet},
        {"quarantined_revenue_limit": None, "inputs": {"orders": {"path": "orders.parquet"}}},
    ),
    "lines only": Declared(
        {
            "lines.csv": "\n".join(
                [
                    LINE_HEADER,
                    "whole,1,p,1,1.00,a,2024-01-01",
                    "whole,2,p,1,2.00,a,2024-01-01",
                    "in part,1,p,1,1.00,b,2024-01-01",
                    "in part,2,p,1,1_0,b,2024-01-01",
                    "unreadable,1,p,many,1.00,c,2024-01-01",
                    "two customers,1,p,1,1.00,d,2024-01-01",
                    "two customers,2,p,1,1.00,e,2024-01-01",
                    "undated,1,p,1,1.00,f,",
                    "",
                ]
            ).encode()
        },
        {"quarantined_revenue_limit": None, "inputs": {"order_lines": {"path": "lines.csv"}}},
    ),
    "zero accepted": Declared(
        {"orders.csv": f"{HEADER}\n1,a,yesterday,10.00\n2,b,2024-01-01,1e5\n".encode()},
        {"quarantined_revenue_limit": None, "inputs": {"orders": {"path": "orders.csv"}}},
        succeeds=False,
    ),
    "above the limit": Declared(
        {
            "orders.csv": "\n".join(
                [HEADER, LINE, "2,b,soon,10.00", "3,c,soon,10.00", "4,d,2024-01-01,x", ""]
            ).encode()
        },
        {"quarantined_revenue_limit": 0.7499, "inputs": {"orders": {"path": "orders.csv"}}},
        succeeds=False,
    ),
    "at the limit": Declared(
        {
            "orders.csv": "\n".join(
                [HEADER, LINE, "2,b,soon,10.00", "3,c,soon,10.00", "4,d,2024-01-01,x", ""]
            ).encode()
        },
        {"quarantined_revenue_limit": 0.75, "inputs": {"orders": {"path": "orders.csv"}}},
    ),
}


def write_files(
    folder: Path, files: Mapping[str, bytes | Callable[[Path], bytes]]
) -> dict[str, str]:
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content(folder))
    return {name: str(folder / name) for name in files}


@made_in_background
def refused_files(folder: Path) -> dict[str, Outcome]:
    cases = {}
    for number, (name, fault) in enumerate(FILE_FAULTS.items()):
        place = folder / "files" / str(number)
        write_files(place, fault.files)
        entry = {"path": str(place / fault.pattern), "csv": dict(fault.csv)}
        cases[name] = Case(json.dumps({"inputs": {"orders": entry}}))
    return run_many(folder, cases)


@made_in_background
def declared(folder: Path) -> dict[str, tuple[Outcome, Build]]:
    cases = {}
    for number, (name, case) in enumerate(DECLARED.items()):
        text = json.dumps(case.settings, ensure_ascii=False)
        for file, path in write_files(folder / "files" / str(number), case.files).items():
            text = text.replace(f'"{file}"', json.dumps(path))
        cases[name] = Case(text, arguments=("build", *ONLY_TABLES))
    outcomes = run_many(folder, cases)
    return {
        name: (
            outcome,
            Build(folder / str(number) / DATABASE, 0 if outcome.success else 1, outcome.output),
        )
        for number, (name, outcome) in enumerate(outcomes.items())
    }


@pytest.mark.parametrize("name", FILE_FAULTS)
def test_a_bad_file_stops_the_run_before_anything_changes(
    refused_files: dict[str, Outcome], name: str
) -> None:
    fault, outcome = FILE_FAULTS[name], refused_files[name]
    assert not outcome.success, outcome.output
    missing = [word for word in (fault.code, *fault.words) if word not in outcome.output]
    assert missing == [], outcome.output
    # What was read line by line is no model, and goes with the next build.
    assert outcome.tables <= {"input_rows_read_by_line"}


@pytest.mark.parametrize("name", DECLARED)
def test_what_is_declared_is_built(declared: dict[str, tuple[Outcome, Build]], name: str) -> None:
    outcome, _ = declared[name]
    assert outcome.success == DECLARED[name].succeeds, outcome.output


def codes(build: Build) -> dict[str, str]:
    rows = build.rows(
        "select source_table, coalesce(record_id, 'line ' || line_number) as record_id, "
        "reason_code from fct_quarantined_rows"
    )
    return {f"{row['source_table']} {row['record_id']}": row["reason_code"] for row in rows}


def accepted_orders(build: Build) -> dict[str, tuple[object, ...]]:
    return {
        row["order_id"]: (row["customer_id"], row["order_date"], row["net_amount"])
        for row in build.rows("select * from int_orders_accepted")
    }


def test_latin_1_and_german_numbers(declared: dict[str, tuple[Outcome, Build]]) -> None:
    build = declared["latin-1 and german"][1]
    # Midnight in Berlin is the evening before in UTC, and the business day is there.
    evening = dt.date(2024, 2, 9)
    assert accepted_orders(build) == {
        "1": ("Müller", evening, Decimal("1234.50")),
        "8": ("Ærø", evening, Decimal("1234567.89")),
    }
    assert codes(build) == {
        "orders 2": "DATE_INVALID",
        "orders 3": "DATE_FORMAT",
        "orders 4": "DATE_FORMAT",
        "orders 5": "AMOUNT_FORMAT",
        "orders 6": "AMOUNT_FORMAT",
        "orders 7": "AMOUNT_FORMAT",
        "refunds 2": "DATE_FORMAT",
    }
    assert build.query("select refund_amount from int_refunds_checked where refund_id = '1'") == [
        (Decimal("1000.50"),)
    ]
    assert build.query(
        "select record_id from fct_flagged_rows where reason_code = 'AMOUNT_ROUNDED'"
    ) == [("8",)]


def test_utf_16_with_a_bad_line(declared: dict[str, tuple[Outcome, Build]]) -> None:
    build = declared["utf-16"][1]
    assert {customer for customer, *_ in accepted_orders(build).values()} == {
        "北京客户",
        "上海商店",
        "广州公司",
        "深圳超市",
    }
    [row] = build.rows("select * from fct_quarantined_rows")
    assert (row["line_number"], row["reason_code"]) == (6, "ROW_FIELD_COUNT")
    assert "张三" in row["source_record"]


def test_a_table_without_rows_where_that_is_allowed(
    declared: dict[str, tuple[Outcome, Build]],
) -> None:
    build = declared["no rows allowed"][1]
    assert build.query(
        "select source_table, read_count from rpt_input_reconciliation order by 1"
    ) == [("orders", 2), ("refunds", 0)]


def test_nonsense_in_typed_columns(declared: dict[str, tuple[Outcome, Build]]) -> None:
    build = declared["typed"][1]
    day = dt.date(2024, 2, 10)
    assert accepted_orders(build) == {
        "1": ("a", day, Decimal("10.50")),
        "6": ("f", day, Decimal("12.35")),
        "8": (None, day, Decimal("2.00")),
    }
    found = {row["reason_code"]: row for row in build.rows("select * from fct_quarantined_rows")}
    assert Counter(
        build.query("select record_id, reason_code from fct_quarantined_rows")
    ) == Counter(
        [
            ("2", "AMOUNT_NOT_FINITE"),
            ("3", "AMOUNT_NOT_FINITE"),
            ("4", "DATE_FORMAT"),
            ("5", "DATE_MISSING"),
            ("7", "AMOUNT_RANGE"),
            (None, "ORDER_ID_MISSING"),
        ]
    )
    assert {row["field"] for row in found.values()} == {"amount", "ordered_at", "order_id"}
    assert build.query(
        "select record_id from fct_flagged_rows where reason_code = 'AMOUNT_ROUNDED'"
    ) == [("6",)]


def test_orders_made_of_lines(declared: dict[str, tuple[Outcome, Build]]) -> None:
    build = declared["lines only"][1]
    day = dt.date(2024, 1, 1)
    assert accepted_orders(build) == {
        "whole": ("a", day, Decimal("3.00")),
        "in part": ("b", day, Decimal("1.00")),
    }
    assert codes(build) == {
        "order_lines in part": "AMOUNT_FORMAT",
        "order_lines unreadable": "QUANTITY_FORMAT",
        "orders unreadable": "LINES_UNREADABLE",
        "orders two customers": "ORDER_CONFLICT",
        "orders undated": "DATE_MISSING",
    }
    assert build.query("select record_id, reason_code from fct_flagged_rows") == [
        ("in part", "LINES_INCOMPLETE")
    ]


# What says who is worth how much must not be there, or stay as it was.
SCORED = ("dim_customer", "fct_customer", "fct_rfm", "rpt_abc", "rpt_tier")


def test_without_an_accepted_row_nothing_is_published(
    declared: dict[str, tuple[Outcome, Build]],
) -> None:
    outcome, build = declared["zero accepted"]
    assert "NO_ROW_ACCEPTED" in outcome.output
    assert "2 orders" in outcome.output
    assert [name for name in outcome.tables if name.startswith(SCORED)] == []
    assert codes(build) == {"orders 1": "DATE_FORMAT", "orders 2": "AMOUNT_FORMAT"}


def test_too_much_in_quarantine_stops_the_build_and_says_why(
    declared: dict[str, tuple[Outcome, Build]],
) -> None:
    outcome, build = declared["above the limit"]
    for words in ("QUARANTINE_LIMIT", "75.0 %", "DATE_FORMAT (2 rows), AMOUNT_FORMAT (1 row)"):
        assert words in outcome.output
    assert "quarantined_revenue_limit" in outcome.output
    assert [name for name in outcome.tables if name.startswith(SCORED)] == []
    assert len(codes(build)) == 3
    outcome, build = declared["at the limit"]
    assert "dim_customer_tiers" in outcome.tables
    assert len(codes(build)) == 3


# Time passes: the same database, built again


@dataclass(frozen=True)
class Later:
    """Two builds in one database, and a third that nothing may come of."""

    first: dict[str, Any]
    second: dict[str, Any]
    before: dict[str, str]
    after: dict[str, str]
    refused: Build


def picture(build: Build) -> dict[str, Any]:
    return {
        "codes": codes(build),
        "waiting": build.query(
            "select record_id from fct_flagged_rows where reason_code = 'DATE_FUTURE'"
        ),
        "revenue": dict(
            build.query("select customer_id, lifetime_net_revenue_amount from dim_customer_tiers")
        ),
    }


@made_in_background
def later(folder: Path) -> Later:
    write_csv(folder / "orders-1.csv", HEADER, ["1,a,2024-03-01,10.00", "2,b,2024-03-02,20.00"])
    refunds = write_csv(
        folder / "refunds.csv", "refund_id,order_id,refunded_at,amount", ["r,3,2024-03-01,4.00"]
    )
    inputs = {
        "orders": {"path": str(folder / "orders-*.csv")},
        "refunds": {"path": str(refunds)},
    }
    settings: dict[str, object] = {"inputs": inputs, "as_of_date": "2024-03-01"}
    build = build_tables_quickly(folder, settings=settings).succeeded()
    first = picture(build)
    write_csv(folder / "orders-2.csv", HEADER, ["3,c,2024-03-01,30.00"])
    settings["as_of_date"] = "2024-03-02"
    second = picture(build_tables_quickly(folder, settings=settings).succeeded())
    before = table_checksums(build, SCORED)
    for name in ("orders-1.csv", "orders-2.csv"):
        write_csv(folder / name, HEADER, [f"{name},x,never,1.00"])
    refused = build_tables_quickly(folder, settings=settings)
    return Later(first, second, before, table_checksums(build, SCORED), refused)


def test_an_order_of_tomorrow_waits_and_enters(later: Later) -> None:
    assert later.first["waiting"] == [("2",)]
    assert later.first["revenue"] == {"a": Decimal("10.00")}
    assert later.second["waiting"] == []
    assert later.second["revenue"]["b"] == Decimal("20.00")


def test_a_refund_is_released_when_its_order_comes(later: Later) -> None:
    assert later.first["codes"] == {"refunds r": "REFUND_ORPHAN"}
    assert later.second["codes"] == {}
    assert later.second["revenue"]["c"] == Decimal("26.00")


def test_a_load_without_an_accepted_row_leaves_the_scores_as_they_were(later: Later) -> None:
    assert later.refused.returncode != 0
    assert "NO_ROW_ACCEPTED" in later.refused.output
    assert later.before == later.after
    assert len(later.before) > 5


# All of it


def test_no_code_is_without_a_case() -> None:
    with (PROJECT / "seeds" / "policy" / "reason_codes.csv").open(encoding="utf-8") as file:
        in_seed = {row["reason_code"] for row in csv.DictReader(file)}
    rows: list[Row] = [row for case in BAD_FILES for row in case.rows]
    in_cases = {row.code for row in rows} | {flag for row in rows for flag in row.flags}
    # These have a test of their own.
    in_cases |= {"FILE_DUPLICATE", "SCHEMA_EXTRA_COLUMN", "LINES_UNREADABLE"}
    assert in_seed - in_cases == set()
    assert {fault.code for fault in FILE_FAULTS.values()} == {
        "FILE_EMPTY",
        "FILE_MISSING",
        "FILE_CORRUPT",
        "FILE_FORMAT",
        "FILE_NO_ROWS",
        "FILE_ENCODING",
        "SCHEMA_MISSING_COLUMN",
        "SCHEMA_DUPLICATE_COLUMN",
        "SCHEMA_HEADER",
        "SCHEMA_DRIFT",
        # Of a file without one good row.
        "ROW_FIELD_COUNT",
    }
    assert len(BAD_FILES) + len(FILE_FAULTS) >= 80


def test_the_files_of_the_cases_have_names_of_their_own() -> None:
    names = [place(case) for case in BAD_FILES]
    assert len(names) == len(set(names))
