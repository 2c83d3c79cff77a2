"""A small shop whose orders arrive in batches: late, twice, corrected, deleted, in conflict.

What it sold is decided by a seed and nothing else; so is what each file holds and how it is called.
Only which batch comes when is left to whoever uses it.
"""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

BATCHES = 10
ORDERS = 320
CUSTOMERS = 45

START = datetime(2024, 1, 1)  # noqa: DTZ001 - without an offset, as shops write it

# EUR is known from March on, so that an order of January has no rate; XTS is known to nobody.
FX_RATES = (
    "currency_code,valid_from,valid_to,rate_to_base\n"
    "EUR,2024-03-01,2024-07-01,1.1\nEUR,2024-07-01,,1.25\nUSD,2024-01-01,,1.5\n"
)
CUSTOMER_MERGES = (
    "customer_id,surviving_customer_id,reason\nc03,c04,same person\nc04,c05,same person\n"
    "c30,c31,typing error\n"
)

_ORDER_COLUMNS = [
    *("order_id", "customer_id", "ordered_at", "amount", "discount_amount", "currency", "status"),
    *("updated_at", "channel", "is_test", "is_deleted"),
]
_LINE_COLUMNS = [
    *("order_id", "line_number", "product_id", "quantity", "amount", "discount_amount"),
    "updated_at",
]
_LINE_COLUMNS_WITH_ORDER = [*_LINE_COLUMNS, "customer_id", "ordered_at", "currency", "status"]
_REFUND_COLUMNS = ["refund_id", "order_id", "refunded_at", "amount", "reason"]

Row = dict[str, str]


@dataclass
class Batch:
    """The rows that come together, by input table."""

    rows: dict[str, list[Row | str]] = field(default_factory=dict)

    def add(self, table: str, row: Row | str) -> None:
        self.rows.setdefault(table, []).append(row)


def _time(moment: datetime) -> str:
    return moment.isoformat(sep=" ", timespec="seconds")


def _amount(chance: random.Random) -> str:
    return f"{chance.uniform(3, 240):.2f}"


class _Seller:
    """Makes orders and scatters them over the batches."""

    def __init__(self, seed: int, *, with_orders: bool) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - not a secret
        self.batches = [Batch() for _ in range(BATCHES)]
        self.with_orders = with_orders

    def land(self, table: str, row: Row | str, among: range = range(BATCHES)) -> None:
        self.batches[self.chance.choice(among)].add(table, row)

    def is_one_in(self, many: int) -> bool:
        return self.chance.randrange(many) == 0

    def order(self, number: int) -> Row:
        moment = START + timedelta(minutes=self.chance.randrange(300 * 24 * 60))
        customer = self.chance.choice(
            [f"c{self.chance.randrange(CUSTOMERS):02}"] * 16 + ["", "N/A"]
        )
        return {
            "order_id": f"o{number:04}",
            "customer_id": customer,
            "ordered_at": _time(moment),
            "amount": self.chance.choice([_amount(self.chance)] * 8 + ["", "12.345"]),
            "discount_amount": self.chance.choice(["", "", "0.50"]),
            # A blank is USD while nobody pays in anything else, and a question afterwards.
            "currency": self.chance.choice(["USD"] * 14 + ["EUR", "", "XTS"]),
            "status": self.chance.choice(["completed"] * 16 + ["cancelled", "who knows"]),
            "updated_at": _time(moment),
            "channel": self.chance.choice(["web", "shop"]),
            "is_test": "true" if self.is_one_in(40) else "false",
            "is_deleted": "false",
        }

    def later(self, row: Row, **changes: str) -> Row:
        """Return the row as it stood some days later."""
        moment = datetime.fromisoformat(row["updated_at"]) + timedelta(
            hours=self.chance.randrange(1, 300)
        )
        return row | {"updated_at": _time(moment)} | changes

    def other_versions(self, row: Row) -> list[Row]:
        """Return what else is told about an order: of two in three nothing."""
        newer = self.later(row, amount=_amount(self.chance))
        customer = f"c{self.chance.randrange(CUSTOMERS):02}"
        restored = _time(START + timedelta(days=400))
        fates: list[tuple[int, list[Row]]] = [
            (6, [newer]),
            (2, [newer, self.later(newer, status="cancelled")]),
            (3, [dict(row)]),
            (3, [self._tombstone(row)]),
            (2, [self._tombstone(row), newer | {"updated_at": restored}]),
            (2, [row | {"amount": newer["amount"]}]),  # two contents at one moment
            (1, [newer | {"updated_at": ""}]),  # another content at no moment
            (1, [newer | {"customer_id": customer}]),
            (1, [newer | {"amount": "1,234.50"}]),  # a newer version that cannot be read
            (1, [newer | {"ordered_at": "2024-02-30"}]),
            (44, []),
        ]
        weights = [weight for weight, _ in fates]
        [(_, chosen)] = self.chance.choices(fates, weights)
        return chosen

    def _tombstone(self, row: Row) -> Row:
        blank = dict.fromkeys(_ORDER_COLUMNS, "")
        return blank | {
            "order_id": row["order_id"],
            "updated_at": self.later(row)["updated_at"],
            "is_deleted": "true",
        }

    def lines(self, order: Row) -> list[Row]:
        rows = []
        for number in range(1, self.chance.randrange(2, 5)):
            line = {
                "order_id": order["order_id"],
                "line_number": str(number),
                "product_id": f"p{self.chance.randrange(12):02}",
                "quantity": str(self.chance.randrange(1, 5)),
                "amount": _amount(self.chance),
                "discount_amount": "",
                "updated_at": order["updated_at"],
            }
            line |= {name: order[name] for name in ("customer_id", "ordered_at")}
            line |= {name: order[name] for name in ("currency", "status")}
            rows.append(line)
            fate = self.chance.randrange(40)
            if fate < 4:
                rows.append(self.later(line, amount=_amount(self.chance)))
            elif fate < 6:
                rows.append(dict(line))
            elif fate < 7:
                rows.append(line | {"amount": _amount(self.chance)})
            elif fate < 8:
                rows.append(line | {"amount": "much"})
            elif fate < 10:  # the buyer of a line turns out to be another one
                rows.append(self.later(line, customer_id=f"c{self.chance.randrange(CUSTOMERS):02}"))
        return rows

    def refunds(self, order: Row) -> list[Row]:
        moment = datetime.fromisoformat(order["ordered_at"]) + timedelta(days=4)
        value = float(order["amount"] or 20)
        share = self.chance.choice([0.3, 0.5, 1, 1, 2])
        refund = {
            "refund_id": f"r{order['order_id']}",
            "order_id": order["order_id"],
            "refunded_at": _time(moment),
            "amount": f"{value * share:.2f}",
            "reason": "broken",
        }
        more = {
            0: [dict(refund)],
            1: [refund | {"amount": "1.00"}],
            2: [refund | {"refund_id": f"s{order['order_id']}"}],
        }
        return [refund, *more.get(self.chance.randrange(12), [])]

    def sell(self) -> list[Batch]:
        for number in range(ORDERS):
            order = self.order(number)
            if self.with_orders:
                for row in (order, *self.other_versions(order)):
                    self.land("orders", row)
            if not self.with_orders or not self.is_one_in(3):
                for line in self.lines(order):
                    self.land("order_lines", line)
            if self.is_one_in(6):
                for refund in self.refunds(order):
                    self.land("refunds", refund)
        self.land("refunds", self.refunds(self.order(9999))[0])
        self._land_what_is_no_row()
        return self.batches

    def _land_what_is_no_row(self) -> None:
        """Every file has rows; some have lines that are none, and only some bring euros."""
        for number, batch in enumerate(self.batches):
            order = self.order(5000 + number)
            if self.with_orders:
                batch.add("orders", order | {"currency": "EUR"} if number < 3 else order)
            batch.add("order_lines", self.lines(order)[0])
            batch.add("refunds", self.refunds(order)[0])
            if self.with_orders and number % 3 == 0:
                batch.add("orders", f"o{number:04},too few")
            if number < 3:
                continue
            for table in ("orders", "order_lines"):
                for row in batch.rows.get(table, []):
                    if isinstance(row, dict) and row.get("currency") == "EUR":
                        row["currency"] = "USD"


@dataclass(frozen=True)
class File:
    """A file under the folder of the shop; a name says nothing about when it came."""

    table: str
    name: str
    content: bytes

    def write_to(self, folder: Path) -> None:
        path = folder / self.table / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)


def _as_csv(columns: list[str], rows: list[Row | str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        if isinstance(row, str):
            text.write(row + "\n")
        else:
            writer.writerow(row)
    return text.getvalue().encode()


def _as_parquet(folder: Path, content: bytes) -> bytes:
    source, target = folder / "rows.csv", folder / "rows.parquet"
    source.write_bytes(content)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from read_csv('{source}', all_varchar = true)) to '{target}' (format parquet)"
        )
    return target.read_bytes()


@dataclass(frozen=True)
class Shop:
    """The batches as files, what was there before them, and what dbt is told of it."""

    batches: list[list[File]]
    standing: list[File]
    settings: dict[str, Any]

    @property
    def files(self) -> list[File]:
        return [*self.standing, *(file for batch in self.batches for file in batch)]


def shop_with_orders(seed: int = 11) -> Shop:
    """Orders and their lines, each in files of their own, as CSV."""
    columns = {"orders": _ORDER_COLUMNS, "order_lines": _LINE_COLUMNS, "refunds": _REFUND_COLUMNS}
    return _shop(_Seller(seed, with_orders=True).sell(), columns, None)


def shop_of_lines(folder: Path, seed: int = 12) -> Shop:
    """Lines that say themselves whose they are, as Parquet; nobody lists the orders."""
    columns = {"order_lines": _LINE_COLUMNS_WITH_ORDER, "refunds": _REFUND_COLUMNS}
    return _shop(_Seller(seed, with_orders=False).sell(), columns, folder)


def _shop(batches: list[Batch], columns: dict[str, list[str]], parquet: Path | None) -> Shop:
    ending = "csv" if parquet is None else "parquet"
    files: list[list[File]] = []
    for number, batch in enumerate(batches):
        landed = []
        for table, names in columns.items():
            content = _as_csv(names, batch.rows[table])
            if parquet is not None:
                content = _as_parquet(parquet, content)
            landed.append(File(table, f"{table}-{chr(ord('a') + number)}.{ending}", content))
        files.append(landed)
    # Two files come again under another name: one sorts before the first, one after it.
    for sender, receiver, name in ((2, 6, "again"), (7, 1, "zz-again")):
        first = files[sender][0]
        files[receiver].append(File(first.table, f"{name}.{ending}", first.content))
    tables = [*columns, "customers", "products"]
    paths = {table: f"{table}/*.{ending if table in columns else 'csv'}" for table in tables}
    settings = {
        "inputs": {table: {"path": path} for table, path in paths.items()},
        "quarantined_revenue_limit": None,
    }
    return Shop(files, [_customers(), _products()], settings)


def _customers() -> File:
    lines = [f"c{number:02},R{number % 4}" for number in range(0, CUSTOMERS, 2)]
    text = "\n".join(["customer_id,region", *lines, "c02,elsewhere"]) + "\n"
    return File("customers", "customers.csv", text.encode())


def _products() -> File:
    lines = [f"p{number:02},Product {number},K{number % 3}" for number in range(10)]
    text = "\n".join(["product_id,name,category", *lines]) + "\n"
    return File("products", "products.csv", text.encode())
