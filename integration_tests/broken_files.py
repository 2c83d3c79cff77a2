"""Small bad files: what stands in them, line by line, and the verdict each line deserves."""

from __future__ import annotations

import codecs
import datetime as dt
import gzip
import hashlib
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

AS_OF = dt.date(2024, 3, 1)

# What a row holds unless its case says otherwise; {id} is the case and the place in it.
DEFAULTS: dict[str, dict[str, str]] = {
    "orders": {
        "order_id": "{id}",
        "customer_id": "customer {id}",
        "ordered_at": "2024-02-10",
        "amount": "10.00",
        "currency": "USD",
        "status": "paid",
        "updated_at": "",
        "is_test": "",
        "is_deleted": "",
        "discount_amount": "",
        "cost_amount": "",
        "channel": "",
        "store_id": "",
    },
    "order_lines": {
        "order_id": "lines of {id}",
        "line_number": "1",
        "product_id": "a product",
        "quantity": "1",
        "amount": "1.00",
        "updated_at": "",
        "cost_amount": "",
    },
    "refunds": {
        "refund_id": "{id}",
        "order_id": "refunded.0",
        "refunded_at": "2024-02-20",
        "amount": "0.01",
        "reason": "",
        "nobody asked for this": "x",
    },
    "customers": {
        "customer_id": "known {id}",
        "created_at": "2024-01-01",
        "birthday": "",
        "region": "",
        "profiling_opt_out": "",
    },
    "products": {"product_id": "{id}", "name": "", "category": "", "cost_amount": ""},
}


@dataclass(frozen=True)
class Row:
    """A record, its verdict, and what must come out of it where it is accepted.

    ``values`` are columns that differ from the defaults; ``text`` is the record as it stands in the
    file where that is no row. ``loaded`` are columns of the model of accepted orders.
    """

    verdict: str = "accepted"
    code: str = ""
    column: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    loaded: Mapping[str, object] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()

    def value(self, table: str, column: str, key: str) -> str:
        return self.values.get(column, DEFAULTS[table][column]).replace("{id}", key)

    def written(self, table: str, columns: list[str], key: str) -> str:
        if self.text is not None:
            return self.text.replace("{id}", key)
        return ",".join(self.value(table, column.strip().lower(), key) for column in columns)


def accepted(*flags: str, loaded: Mapping[str, object] | None = None, **values: str) -> Row:
    return Row(values=values, loaded=loaded or {}, flags=frozenset(flags))


def quarantined(code: str, column: str | None, **values: str) -> Row:
    return Row("quarantined", code, column, values)


def no_row(code: str, text: str) -> Row:
    return Row("quarantined", code, None, text=text)


def collapsed(**values: str) -> Row:
    return Row("collapsed", "DUPLICATE_ROW", values=values)


def superseded(**values: str) -> Row:
    return Row("superseded", "SUPERSEDED", values=values)


def guest(customer_id: str) -> Row:
    values = {"customer_id": customer_id}
    return Row("accepted", "GUEST_ORDER", values=values, loaded={"customer_id": None})


def deletion(**values: str) -> Row:
    values = {"is_deleted": "true", "amount": "", "ordered_at": "", "status": ""} | values
    return Row("accepted", "ORDER_DELETED", values={"customer_id": "", "currency": ""} | values)


@dataclass(frozen=True)
class BadFile:
    """A file of a table: hostile rows between two that nothing may happen to."""

    name: str
    rows: tuple[Row, ...]
    table: str = "orders"
    columns: tuple[str, ...] = ()
    encode: Callable[[str], bytes] = str.encode
    suffix: str = ".csv"
    line_end: str = "\n"

    @property
    def file_name(self) -> str:
        return self.name + self.suffix

    @property
    def all_rows(self) -> list[Row]:
        return [Row(), *self.rows, Row()]

    def key(self, place: int) -> str:
        """Say how a row is called: the neighbours are -1 and one more than the last."""
        return f"{self.name}.{place - 1}"

    def records(self) -> list[str]:
        columns = list(self.columns or DEFAULTS[self.table])
        return [
            row.written(self.table, columns, self.key(place))
            for place, row in enumerate(self.all_rows)
        ]

    def content(self) -> bytes:
        header = ",".join(self.columns or DEFAULTS[self.table])
        return self.encode(self.line_end.join([header, *self.records()]) + self.line_end)

    def write(self, folder: Path) -> None:
        path = folder / self.table / self.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content())

    def lines(self) -> dict[int, Row]:
        """Return the rows by the physical line they begin on."""
        number, found = 2, {}
        for record, row in zip(self.records(), self.all_rows, strict=True):
            found[number] = row
            number += 1 + len(re.findall("\r\n|\r|\n", record))
        return found

    def keys(self) -> dict[int, str]:
        return {line: self.key(place) for place, line in enumerate(self.lines())}

    def line_hashes(self) -> dict[int, str]:
        content = self.content()
        if self.suffix.endswith(".gz"):
            content = gzip.decompress(content)
        lines = re.split(b"\r\n|\r|\n", content)
        return {n: hashlib.sha256(line).hexdigest() for n, line in enumerate(lines, 1)}


def orders(name: str, *rows: Row) -> BadFile:
    return BadFile(name, rows)


def of_table(table: str, name: str, *rows: Row) -> BadFile:
    return BadFile(name, rows, table)


def bad_fields(column: str, code: str, table: str, values: Mapping[str, str]) -> list[BadFile]:
    """One file per value that its column must not hold."""
    return [
        BadFile(name, (quarantined(code, column, **{column: value}),), table)
        for name, value in values.items()
    ]


def good_amounts(values: Mapping[str, tuple[str, str]]) -> list[BadFile]:
    return [
        orders(name, accepted(loaded={"net_amount": Decimal(amount)}, amount=text))
        for name, (text, amount) in values.items()
    ]


# Lines that are no rows

LINES = [
    orders("too-few-fields", no_row("ROW_FIELD_COUNT", "{id},c,2024-02-10,10.00")),
    orders("one-field", no_row("ROW_FIELD_COUNT", "a line of text")),
    orders(
        "too-many-fields",
        no_row("ROW_FIELD_COUNT", "{id},c,2024-02-10,1,234.50,USD,paid,,,,,,,"),
    ),
    orders("only-separators", no_row("ROW_FIELD_COUNT", ",,,")),
    orders("stray-quote", no_row("ROW_QUOTING", '{id},19" monitor,2024-02-10,10,USD,paid,,,,,,,')),
    orders("open-quote", no_row("ROW_QUOTING", '{id},"Smith,2024-02-10,10,USD,paid,,,,,,,')),
    orders("text-after-quote", no_row("ROW_QUOTING", '{id},"a"b,2024-02-10,10.00,USD,paid,,,,,,,')),
    orders(
        "several-bad-lines",
        no_row("ROW_FIELD_COUNT", "x"),
        accepted(),
        no_row("ROW_QUOTING", '{id},"Smith,2024-02-10,10,USD,paid,,,,,,,'),
        accepted(),
        no_row("ROW_FIELD_COUNT", "x,y"),
    ),
    orders(
        "line-too-long",
        no_row("TOO_LONG", "{id}," + "x" * 2_000_001 + ",2024-02-10,10.00,USD,paid,,,,,,,"),
    ),
    orders(
        "break-in-order-id", quarantined("ROW_EMBEDDED_NEWLINE", "order_id", order_id='"{id}\nb"')
    ),
    orders(
        "break-in-customer-id",
        quarantined("ROW_EMBEDDED_NEWLINE", "customer_id", customer_id='"a\r\nb"'),
    ),
    orders("break-in-a-channel", accepted(loaded={"channel": "web\nshop"}, channel='"web\nshop"')),
    orders(
        "quoted-separators",
        accepted(
            loaded={"customer_id": 'Smith, "Joe"'},
            customer_id='"Smith, ""Joe"""',
        ),
    ),
]

# Characters

CHARACTERS = [
    *bad_fields(
        "customer_id",
        "CONTROL_CHARACTER",
        "orders",
        {
            "nul": "a\0b",
            "bell": "a\x07b",
            "escape": "a\x1b[31mb",
            "delete": "a\x7fb",
            "next-line": "a\x85b",
            "tab-inside": "a\tb",
            "zero-width-space": "ann\u200ba",
            "zero-width-non-joiner": "ann\u200ca",
            "joiner-in-a-word": "ann\u200da",
            "mark-inside": "ann\ufeffa",
            "right-to-left-override": "ann\u202ea",
            "word-joiner": "ann\u2060a",
            "line-separator": "ann\u2028a",
        },
    ),
    orders(
        "zero-width-order-id", quarantined("CONTROL_CHARACTER", "order_id", order_id="{id}\u200b")
    ),
    orders("nul-in-free-text", quarantined("CONTROL_CHARACTER", "channel", channel="w\0b")),
    *bad_fields("customer_id", "TOO_LONG", "orders", {"one-too-long": "x" * 1001}),
    orders("long-free-text", quarantined("TOO_LONG", "channel", channel="界" * 1001)),
]


def harmless(name: str, text: str, written: str | None = None) -> BadFile:
    """Text that must come out as it went in."""
    return orders(name, accepted(loaded={"customer_id": text}, customer_id=written or text))


HARMLESS = [
    harmless("emoji-joiner", "👩\u200d💻 42"),
    harmless("family", "👨\u200d👩\u200d👧\u200d👦"),
    harmless("right-to-left", "שלום 12 مرحبا"),
    harmless("chinese", "客户 北京〇一"),
    harmless("sql", "x'); drop table fct_quarantined_rows; --"),
    harmless("sql-union", "1' or '1'='1' union select null --"),
    harmless("jinja", "{{ exceptions.raise_compiler_error('x') }} {% raw %}"),
    harmless("formula", "=cmd|' /C calc'!A0"),
    harmless("formula-plus", "+1+cmd|' /C calc'!A0"),
    harmless("formula-at", "@SUM(1+1)*cmd"),
    harmless("markup", "<script>alert(1)</script>&amp;"),
    harmless("backslashes", "a\\nb\\0\\"),
    harmless("percent", "%s %(x)s %n"),
    harmless("shell", "$(rm -rf /) `id`"),
    harmless("only-quotes", '""', '""""""'),
    harmless("thousand-letters", "界" * 1000),
    harmless("true-word", "true"),
    harmless("none-word", "None"),
]

# Ids

IDS = [
    orders(
        "leading-zeros",
        accepted("ID_VARIANT", loaded={"customer_id": "0070"}, customer_id="0070"),
        accepted("ID_VARIANT", loaded={"customer_id": "70"}, customer_id="70"),
    ),
    orders(
        "twenty-digits",
        accepted(
            loaded={"customer_id": "12345678901234567890"}, customer_id="12345678901234567890"
        ),
        accepted(
            loaded={"customer_id": "12345678901234567891"}, customer_id="12345678901234567891"
        ),
    ),
    orders("exponent", accepted(loaded={"customer_id": "1E10"}, customer_id="1E10")),
    orders(
        "letter-case",
        accepted("ID_VARIANT", loaded={"customer_id": "Case-A"}, customer_id="Case-A"),
        accepted("ID_VARIANT", loaded={"customer_id": "case-a"}, customer_id="case-a"),
    ),
    orders(
        "width",
        accepted("ID_VARIANT", loaded={"customer_id": "\uff37\uff11"}, customer_id="\uff37\uff11"),
        accepted("ID_VARIANT", loaded={"customer_id": "W1"}, customer_id="W1"),
    ),
    orders(
        "composed",
        accepted(loaded={"customer_id": "José"}, customer_id="Jose\u0301"),
        accepted(loaded={"customer_id": "José"}, customer_id="Jos\u00e9"),
    ),
    orders(
        "homoglyphs",
        accepted(loaded={"customer_id": "maria-1"}, customer_id="maria-1"),
        accepted(loaded={"customer_id": "m\u0430ria-1"}, customer_id="m\u0430ria-1"),
    ),
    orders("outer-blanks", accepted(loaded={"customer_id": "trimmed"}, customer_id="  trimmed ")),
    *(
        orders(f"guest-{place}", guest(text))
        for place, text in enumerate(["", "   ", "NULL", "null", "N/A", "n/a", "nan", "NaN", '""'])
    ),
    orders("no-order-id", quarantined("ORDER_ID_MISSING", "order_id", order_id="")),
    orders("blank-order-id", quarantined("ORDER_ID_MISSING", "order_id", order_id='"  "')),
]

# Dates


def day(name: str, text: str, expected: dt.date, *flags: str) -> BadFile:
    return orders(name, accepted(*flags, loaded={"order_date": expected}, ordered_at=text))


DATES = [
    *bad_fields(
        "ordered_at",
        "DATE_FORMAT",
        "orders",
        {
            "slashes": "10/02/2024",
            "points": "10.02.2024",
            "two-digit-year": "24-02-10",
            "no-separators": "20240210",
            "unix-seconds": "1707523200",
            "infinity": "infinity",
            "minus-infinity": "-infinity",
            "epoch": "epoch",
            "today": "today",
            "five-digit-year": "12024-02-10",
            "short-month": "2024-2-10",
            "month-name": "10 Feb 2024",
            "full-width-date": "\uff12\uff10\uff12\uff14-02-10",
        },
    ),
    *bad_fields(
        "ordered_at",
        "DATE_INVALID",
        "orders",
        {
            "february-30": "2024-02-30",
            "no-leap-year": "2023-02-29",
            "month-13": "2024-13-01",
            "all-zero": "0000-00-00",
            "hour-25": "2024-02-10 25:00:00",
            "before-christ": "2024-02-10 (BC)",
        },
    ),
    *bad_fields("ordered_at", "DATE_MISSING", "orders", {"no-date": "", "blank-date": "  "}),
    orders(
        "bad-update-time",
        quarantined("DATE_FORMAT", "updated_at", updated_at="yesterday"),
    ),
    *bad_fields(
        "ordered_at",
        "DATE_RANGE",
        "orders",
        {
            "day-before-the-first": "1989-12-31T23:59:59Z",
            "before-by-its-offset": "1990-01-01T00:30:00+01:00",
            "year-1": "0001-01-01",
        },
    ),
    day("first-day", "1990-01-01T00:00:00Z", dt.date(1990, 1, 1)),
    day("leap-day", "2024-02-29", dt.date(2024, 2, 29)),
    day("offset-west", "2024-02-10T23:30:00-02:00", dt.date(2024, 2, 11)),
    day("offset-east", "2024-02-10 00:30:00+01:00", dt.date(2024, 2, 9)),
    day("last-second", "2024-02-10 23:59:59.999999", dt.date(2024, 2, 10)),
    day("as-of-day", "2024-03-01T23:59:59Z", dt.date(2024, 3, 1)),
    day("day-after", "2024-03-02", dt.date(2024, 3, 2), "DATE_FUTURE"),
    day("far-future", "9999-12-31", dt.date(9999, 12, 31), "DATE_FUTURE"),
]

# Amounts

AMOUNTS = [
    *bad_fields(
        "amount",
        "AMOUNT_FORMAT",
        "orders",
        {
            "english-thousands": '"1,234.50"',
            "german": '"1.234,50"',
            "decimal-comma": '"12,34"',
            "full-width-digits": "\uff11\uff12.\uff10\uff10",
            "arabic-digits": "١٢",
            "dollar": "$10.00",
            "euro": "10.00 €",
            "parentheses": "(12)",
            "exponent-amount": "1e5",
            "underscore": "1_000",
            "two-points": "1.2.3",
            "two-signs": "--1",
            "trailing-minus": "12-",
            "blank-thousands": "1 000",
            "hexadecimal": "0x10",
            "words": "ten",
            "null-word": "NULL",
            "formula-amount": "=1+1",
            "half": "½",
            "trailing-point": "10.",
        },
    ),
    *bad_fields(
        "amount",
        "AMOUNT_NOT_FINITE",
        "orders",
        {"not-a-number": "NaN", "infinite": "inf", "minus-infinite": "-Infinity"},
    ),
    *bad_fields("amount", "AMOUNT_MISSING", "orders", {"no-amount": "", "blank-amount": "  "}),
    *bad_fields(
        "amount",
        "AMOUNT_RANGE",
        "orders",
        {"million-million": "1000000000000.00", "forty-digits": "9" * 40},
    ),
    orders("bad-discount", quarantined("AMOUNT_FORMAT", "discount_amount", discount_amount="10%")),
    orders("bad-cost", quarantined("AMOUNT_FORMAT", "cost_amount", cost_amount="free")),
    *bad_fields(
        "amount", "AMOUNT_NEGATIVE", "orders", {"negative": "-0.01", "very-negative": "-5000.00"}
    ),
    orders("discount-above", quarantined("AMOUNT_NEGATIVE", "amount", discount_amount="10.01")),
    *good_amounts(
        {
            "plus-sign": ("+10.00", "10.00"),
            "no-leading-zero": (".5", "0.50"),
            "zeros-before": ("007.50", "7.50"),
            "whole": ("12", "12.00"),
            "blanks-around": ("  12.30 ", "12.30"),
            "three-decimals-of-zero": ("12.340", "12.34"),
            "zero": ("0.00", "0.00"),
            "minus-zero": ("-0.00", "0.00"),
            "below-the-outliers": ("99999.99", "99999.99"),
        }
    ),
    *(
        orders(
            name,
            accepted("AMOUNT_ROUNDED", loaded={"net_amount": Decimal(amount)}, amount=text),
        )
        for name, text, amount in [
            ("half-a-cent", "12.345", "12.35"),
            ("below-half-a-cent", "12.344999999999999999999", "12.34"),
            ("half-of-the-first-cent", "0.005", "0.01"),
            ("rounded-to-nothing", "0.004", "0.00"),
        ]
    ),
    orders(
        "outlier",
        accepted("AMOUNT_OUTLIER", loaded={"net_amount": Decimal("100000.00")}, amount="100000.00"),
    ),
    orders(
        "just-below-a-million-million",
        accepted(
            "AMOUNT_OUTLIER",
            loaded={"net_amount": Decimal("999999999999.99")},
            amount="999999999999.99",
        ),
    ),
    orders("discount-of-all", accepted(loaded={"net_amount": Decimal(0)}, discount_amount="10.00")),
]

# Status, test orders, currencies

CODES = [
    *bad_fields(
        "status",
        "STATUS_UNKNOWN",
        "orders",
        {"unheard-of": "teleported", "no-status": "", "misspelt": "payed"},
    ),
    orders("loud-status", accepted(status=" PAID ")),
    orders("chinese-status", accepted(status="已完成")),
    *(
        orders(f"test-order-{text}", quarantined("TEST_ORDER", "is_test", is_test=text))
        for text in ("true", "1", "Yes")
    ),
    orders("no-test", accepted(is_test="false")),
    orders("perhaps-a-test", quarantined("FLAG_FORMAT", "is_test", is_test="maybe")),
    orders("perhaps-deleted", quarantined("FLAG_FORMAT", "is_deleted", is_deleted="2")),
    *bad_fields("currency", "CURRENCY_MISSING", "orders", {"no-currency": ""}),
    *bad_fields("currency", "CURRENCY_UNKNOWN", "orders", {"no-such-currency": "XXX"}),
    orders("small-currency", accepted(currency="usd")),
    orders(
        "euro-first-day",
        accepted(
            loaded={"net_amount": Decimal("20.00"), "order_date": dt.date(2024, 2, 1)},
            currency="EUR",
            ordered_at="2024-02-01",
        ),
    ),
    orders(
        "euro-before-its-rates",
        quarantined("FX_MISSING", "currency", currency="EUR", ordered_at="2024-01-31"),
    ),
    orders(
        "euro-after-its-rates",
        quarantined("FX_MISSING", "currency", currency="EUR", ordered_at="2024-03-01"),
    ),
    orders(
        "several-faults",
        quarantined("DATE_FORMAT", "ordered_at", ordered_at="soon", amount="much", is_test="?"),
    ),
]

# Versions

OLD, NEW = "2024-02-11T08:00:00Z", "2024-02-11T08:00:01Z"

VERSIONS = [
    orders(
        "copies",
        accepted(order_id="copied", customer_id="copied"),
        collapsed(order_id="copied", customer_id="copied"),
        collapsed(order_id="copied", customer_id="copied"),
    ),
    orders(
        "two-contents",
        quarantined("ORDER_CONFLICT", None, order_id="two-contents", customer_id="two-contents"),
        quarantined(
            "ORDER_CONFLICT",
            None,
            order_id="two-contents",
            customer_id="two-contents",
            amount="11.00",
        ),
    ),
    orders(
        "two-customers",
        quarantined("ORDER_CONFLICT", None, order_id="2c", customer_id="2c-a", updated_at=OLD),
        quarantined("ORDER_CONFLICT", None, order_id="2c", customer_id="2c-b", updated_at=NEW),
    ),
    orders(
        "two-newest",
        quarantined("ORDER_CONFLICT", None, order_id="2n", customer_id="2n", updated_at=NEW),
        quarantined(
            "ORDER_CONFLICT", None, order_id="2n", customer_id="2n", updated_at=NEW, amount="9.00"
        ),
    ),
    orders(
        "one-undated",
        quarantined("ORDER_CONFLICT", None, order_id="1u", customer_id="1u", updated_at=NEW),
        quarantined("ORDER_CONFLICT", None, order_id="1u", customer_id="1u", amount="9.00"),
    ),
    # The newer version of one comes in the first file, that of the other in the last.
    orders(
        "a-versions",
        accepted(
            loaded={"net_amount": Decimal("12.00")},
            order_id="v1",
            customer_id="v1",
            updated_at=NEW,
            amount="12.00",
        ),
        superseded(order_id="v2", customer_id="v2", updated_at=OLD),
    ),
    orders(
        "z-versions",
        superseded(order_id="v1", customer_id="v1", updated_at=OLD),
        accepted(
            loaded={"net_amount": Decimal("12.00")},
            order_id="v2",
            customer_id="v2",
            updated_at=NEW,
            amount="12.00",
        ),
    ),
    orders(
        "deleted",
        superseded(order_id="gone", customer_id="gone", updated_at=OLD),
        deletion(order_id="gone", updated_at=NEW),
    ),
    orders(
        "deleted-and-back",
        Row(
            "superseded",
            "SUPERSEDED",
            values={
                "order_id": "back",
                "is_deleted": "true",
                "updated_at": OLD,
                "customer_id": "",
                "amount": "",
            },
        ),
        accepted(order_id="back", customer_id="back", updated_at=NEW),
    ),
    orders("deleted-unseen", deletion(order_id="never seen", updated_at=NEW)),
    orders(
        "unread-version",
        accepted(order_id="uv", customer_id="uv", updated_at=OLD),
        quarantined(
            "AMOUNT_FORMAT",
            "amount",
            order_id="uv",
            customer_id="uv",
            updated_at=NEW,
            amount="ten",
        ),
    ),
]


# Ways in which the same rows can be written


def with_mark(text: str) -> bytes:
    return codecs.BOM_UTF8 + text.encode()


def compressed(text: str) -> bytes:
    return gzip.compress(text.encode(), mtime=0)


_COLUMNS = tuple(DEFAULTS["orders"])

LAYOUTS = [
    BadFile("byte-order-mark", (accepted(),), encode=with_mark),
    BadFile("crlf", (accepted(),), line_end="\r\n"),
    BadFile("cr", (accepted(),), line_end="\r"),
    BadFile("crlf-and-bad-line", (no_row("ROW_FIELD_COUNT", "x"),), line_end="\r\n"),
    BadFile("mark-and-bad-line", (no_row("ROW_FIELD_COUNT", "x"),), encode=with_mark),
    BadFile("gzipped", (accepted(),), encode=compressed, suffix=".csv.gz"),
    BadFile(
        "gzipped-and-bad-line",
        (no_row("ROW_FIELD_COUNT", "x"),),
        encode=compressed,
        suffix=".csv.gz",
    ),
    BadFile("header-case", (accepted(),), columns=tuple(f" {name.upper()} " for name in _COLUMNS)),
    BadFile(
        "other-order",
        (accepted(amount="77.00", loaded={"net_amount": Decimal(77)}),),
        columns=_COLUMNS[::-1],
    ),
    BadFile(
        "mixed-line-ends",
        (accepted(),),
        encode=lambda text: text.replace("\n", "\r\n", 2).encode(),
    ),
    BadFile("no-last-line-end", (accepted(),), encode=lambda text: text.rstrip("\n").encode()),
    # Three files with one content.
    BadFile("twice-a", (accepted(),)),
]

# What the other tables refer to

REFERRED_TO = [
    orders("refunded", accepted(loaded={"net_amount": Decimal(1000)}, amount="1000.00")),
    orders(
        "refund-targets",
        accepted(order_id="refunded in full"),
        accepted(order_id="refunded too much"),
        accepted(order_id="refunded twice"),
    ),
    orders(
        "with-lines",
        accepted(loaded={"net_amount": Decimal(3)}, order_id="lines fit", amount="3.00"),
        accepted(
            "TOTAL_MISMATCH",
            loaded={"net_amount": Decimal("3.01")},
            order_id="lines do not fit",
            amount="3.01",
        ),
        accepted(order_id="amount from lines", amount="", loaded={"net_amount": Decimal("3.00")}),
        accepted(
            "LINES_INCOMPLETE",
            order_id="amount from some lines",
            amount="",
            loaded={"net_amount": Decimal("1.00")},
        ),
    ),
]

ORDER_LINES = [
    of_table(
        "order_lines",
        "lines-of-orders",
        *(
            accepted(order_id=order, line_number=number, amount=amount)
            for order in ("lines fit", "lines do not fit", "amount from lines")
            for number, amount in (("1", "1.00"), ("2", "2.00"))
        ),
        accepted(order_id="amount from some lines", line_number="1"),
        quarantined(
            "AMOUNT_FORMAT",
            "amount",
            order_id="amount from some lines",
            line_number="2",
            amount="two",
        ),
    ),
    *bad_fields("line_number", "LINE_NUMBER_MISSING", "order_lines", {"no-line-number": ""}),
    *bad_fields("product_id", "PRODUCT_ID_MISSING", "order_lines", {"no-product": ""}),
    *bad_fields("order_id", "ORDER_ID_MISSING", "order_lines", {"line-without-order": ""}),
    *bad_fields("quantity", "QUANTITY_MISSING", "order_lines", {"no-quantity": ""}),
    *bad_fields(
        "quantity", "QUANTITY_FORMAT", "order_lines", {"dozen": "a dozen", "quantity-1e3": "1e3"}
    ),
    *bad_fields("quantity", "QUANTITY_NOT_FINITE", "order_lines", {"quantity-nan": "NaN"}),
    *bad_fields("quantity", "QUANTITY_RANGE", "order_lines", {"quantity-huge": "1000000000000"}),
    *bad_fields("amount", "AMOUNT_FORMAT", "order_lines", {"line-amount": "1_0"}),
    of_table(
        "order_lines",
        "line-versions",
        quarantined("LINE_CONFLICT", None, order_id="lc"),
        quarantined("LINE_CONFLICT", None, order_id="lc", amount="2.00"),
        superseded(order_id="lv", updated_at=OLD),
        accepted(order_id="lv", updated_at=NEW, amount="2.00"),
        accepted(order_id="ld"),
        collapsed(order_id="ld"),
    ),
    of_table("order_lines", "line-that-is-none", no_row("ROW_FIELD_COUNT", "x,y")),
]

REFUNDS = [
    of_table(
        "refunds",
        "exceeding",
        accepted(order_id="refunded in full", amount="10.00"),
        quarantined("REFUND_EXCEEDS", "amount", order_id="refunded too much", amount="10.01"),
        accepted(order_id="refunded twice", amount="6.00", refunded_at="2024-02-20"),
        quarantined(
            "REFUND_EXCEEDS",
            "amount",
            order_id="refunded twice",
            amount="4.01",
            refunded_at="2024-02-21",
        ),
    ),
    *bad_fields("order_id", "REFUND_ORPHAN", "refunds", {"orphan": "no such order"}),
    *bad_fields("refund_id", "REFUND_ID_MISSING", "refunds", {"no-refund-id": ""}),
    *bad_fields("order_id", "ORDER_ID_MISSING", "refunds", {"refund-of-nothing": ""}),
    *bad_fields(
        "amount", "AMOUNT_NEGATIVE", "refunds", {"refund-of-0": "0", "negative-refund": "-1.00"}
    ),
    *bad_fields("amount", "AMOUNT_FORMAT", "refunds", {"refund-in-words": "all of it"}),
    *bad_fields("refunded_at", "DATE_INVALID", "refunds", {"refund-on-31-june": "2024-06-31"}),
    of_table(
        "refunds",
        "refund-versions",
        quarantined("REFUND_CONFLICT", None, refund_id="rc"),
        quarantined("REFUND_CONFLICT", None, refund_id="rc", amount="0.02"),
        accepted(refund_id="rd"),
        collapsed(refund_id="rd"),
    ),
    of_table("refunds", "reason-with-break", accepted(reason='"too late,\nand broken"')),
    of_table("refunds", "refund-that-is-none", no_row("ROW_QUOTING", 'a,"b,c,d,e,f')),
]

CUSTOMERS = [
    *bad_fields(
        "customer_id",
        "CUSTOMER_ID_MISSING",
        "customers",
        {"no-customer-id": "", "customer-null": "NULL"},
    ),
    *bad_fields("birthday", "DATE_INVALID", "customers", {"born-on-february-30": "1980-02-30"}),
    *bad_fields("birthday", "DATE_FORMAT", "customers", {"born-in-words": "in May"}),
    *bad_fields("profiling_opt_out", "FLAG_FORMAT", "customers", {"perhaps-opted-out": "perhaps"}),
    of_table(
        "customers",
        "customer-versions",
        quarantined("CUSTOMER_CONFLICT", None, customer_id="cc", region="north"),
        quarantined("CUSTOMER_CONFLICT", None, customer_id="cc", region="south"),
        accepted(customer_id="cd"),
        collapsed(customer_id="cd"),
    ),
    of_table("customers", "customer-that-is-none", no_row("ROW_FIELD_COUNT", "x,y")),
]

PRODUCTS = [
    *bad_fields("product_id", "PRODUCT_ID_MISSING", "products", {"no-product-id": ""}),
    *bad_fields("cost_amount", "AMOUNT_FORMAT", "products", {"cheap": "cheap"}),
    of_table(
        "products",
        "product-versions",
        quarantined("PRODUCT_CONFLICT", None, product_id="pc", name="one"),
        quarantined("PRODUCT_CONFLICT", None, product_id="pc", name="two"),
        accepted(product_id="pd"),
        collapsed(product_id="pd"),
    ),
]

BAD_FILES = [
    *LINES,
    *CHARACTERS,
    *HARMLESS,
    *IDS,
    *DATES,
    *AMOUNTS,
    *CODES,
    *VERSIONS,
    *LAYOUTS,
    *REFERRED_TO,
    *ORDER_LINES,
    *REFUNDS,
    *CUSTOMERS,
    *PRODUCTS,
]
