"""Invoice lines as online shops export them, with everything that is wrong with them, to the cent.

The mapping is the one docs/your-own-orders.md walks through. Each line of a file made by rule is
followed to the one place where it belongs, by the build and by a recount that reads the file alone.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from background import made_in_background
from harness import PROJECT, Build, build_tables_quickly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

EXAMPLES = PROJECT / "docs" / "examples"
PAGE = PROJECT / "docs" / "your-own-orders.md"
PATH_IN_MAPPING = "docs/examples/invoice_lines.csv"

HEADER = [
    *("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"),
    *("CustomerID", "Country"),
]
ADJUSTMENTS = {"POST", "DOT", "C2", "M", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK"}
FIRST_INVOICE = 536_365
FIRST_DAY = dt.datetime(2010, 12, 1, 8, 26, tzinfo=dt.UTC)

# How often each mishap is planted among the lines of 1,000 sound orders, by where it must end up.
PLANTED = {
    "line collapsed": 110,
    "line quarantined AMOUNT_FORMAT": 10,
    "order quarantined STATUS_UNKNOWN": 6,
    "order quarantined AMOUNT_NEGATIVE": 5,
    "refund accepted": 100,
    "refund collapsed": 10,
    "refund quarantined REFUND_EXCEEDS": 20,
    "refund quarantined REFUND_ORPHAN": 60,
    "refund quarantined AMOUNT_NEGATIVE": 5,
    "left out": 50 + 10 + 8 + 12,
}


class Line(NamedTuple):
    invoice: str
    code: str
    quantity: int
    day: dt.datetime
    price: str
    customer: str

    def fields(self) -> list[str]:
        # Written as the shop writes it: no zeros in front of month, day and hour.
        day = f"{self.day.month}/{self.day.day}/{self.day.year} {self.day.hour}:{self.day:%M}"
        about = f'{self.code}, 9" "OLD STYLE"'
        country = "Channel Islands" if self.customer else "United Kingdom"
        return [
            *(self.invoice, self.code, about, str(self.quantity), day, self.price),
            *(self.customer, country),
        ]


def sound_orders(rng: np.random.Generator) -> list[list[Line]]:
    """Make 1,000 orders of 1 to 9 lines, every eighth a guest's; numbers leave gaps of two.

    The last of them is so late that all refunds come before it: the as-of date is its day.
    """
    orders = []
    for i in range(1_000):
        day = FIRST_DAY + dt.timedelta(minutes=437 * i)
        customer = "" if i % 8 == 3 else str(12_346 + i % 173)
        orders.append(
            [
                Line(
                    str(FIRST_INVOICE + 3 * i),
                    f"{20_000 + 10 * (i % 300) + j}{'' if j % 2 else 'B'}",
                    int(rng.integers(1, 25)),
                    day,
                    f"{int(rng.integers(19, 1500)) / 100:.2f}",
                    customer,
                )
                for j in range(int(rng.integers(1, 10)))
            ]
        )
    return orders


def mishaps_of_orders(orders: list[list[Line]]) -> list[Line]:
    """Return lines that belong to the sound orders and make trouble."""
    lines = []
    for i, order in enumerate(orders):
        first = order[0]
        if i % 10 == 2:  # copies, some of them twice
            lines += [first] * (2 if i % 100 == 2 else 1)
        if i % 20 == 5:
            lines.append(first._replace(code="POST", quantity=1, price="18.00"))
        if i % 100 == 7:
            lines.append(first._replace(code="m", quantity=1, price="40.00"))
        if i % 25 == 4:  # a gift
            lines.append(first._replace(code="GIFT", quantity=1, price="0.00"))
        if i % 50 == 6:  # half a penny too much
            lines.append(first._replace(code="BUTTON", quantity=3, price="0.125"))
        if i % 125 == 11:
            lines.append(first._replace(code="LAMP", quantity=1, price="1,199.00"))
        if i % 10 == 1:
            taken_back = first._replace(
                invoice=f"{'c' if i % 30 == 1 else 'C'}{first.invoice}",
                quantity=-first.quantity,
                day=first.day + dt.timedelta(days=2),
            )
            lines += [taken_back] * (2 if i % 100 == 1 else 1)
            if i % 50 == 1:  # and then more than the rest of the order
                lines.append(
                    taken_back._replace(
                        quantity=-1_000, price="9.99", day=first.day + dt.timedelta(days=5)
                    )
                )
    return lines


# How many lines of which kind have invoice numbers of their own.
OF_THEIR_OWN = [
    (60, "C", "22423", -2, "12.75", "14911"),  # cancel an order nobody has
    (5, "C", "22424", -3, "0.00", "14911"),
    (4, "C", "AMAZONFEE", -1, "13541.33", ""),
    (4, "C", "D", -1, "27.50", "15311"),
    (2, "C", "CRUK", -1, "161.90", ""),
    (2, "C", "BANK CHARGES", -1, "15.00", ""),
    (8, "", "DOT", 1, "569.77", ""),
    (15, "", "84614A", -30, "0.00", ""),  # put stock right: orders of 0.00
    (5, "", "85123A", -4, "2.55", "17850"),  # taken back without saying so
    (2, "A", "B", 1, "11062.06", ""),
    (4, "A", "B", 1, "-11062.06", ""),
    (2, "", "LAMP", 1, "2,500.00", "13047"),  # the only line of its order
]


def mishaps_of_their_own() -> list[Line]:
    """Return lines with invoice numbers that no sound order has."""
    lines: list[Line] = []
    for count, prefix, code, quantity, price, customer in OF_THEIR_OWN:
        for number in range(len(lines), len(lines) + count):
            invoice = f"{prefix}{FIRST_INVOICE + 1 + 3 * number}"
            day = FIRST_DAY + dt.timedelta(hours=11 * number)
            lines.append(Line(invoice, code, quantity, day, price, customer))
    return lines


@made_in_background
def shop(folder: Path) -> tuple[Path, Build]:
    rng = np.random.default_rng(20_101_201)
    orders = sound_orders(rng)
    lines = [line for order in orders for line in order]
    lines += mishaps_of_orders(orders) + mishaps_of_their_own()
    folder.mkdir(parents=True)
    path = folder / "online retail.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(lines[i].fields() for i in rng.permutation(len(lines)))
    return path, build_documented(folder, path)


@made_in_background
def documented_example(folder: Path) -> Build:
    return build_documented(folder, EXAMPLES / "invoice_lines.csv")


def build_documented(folder: Path, path: Path) -> Build:
    """Build with exactly the documented mapping, but for the path."""
    mapping = (EXAMPLES / "invoice_lines.yml").read_text(encoding="utf-8")
    assert mapping.count(PATH_IN_MAPPING) == 2
    settings = mapping.replace(PATH_IN_MAPPING, str(path))
    return build_tables_quickly(folder, settings=settings).succeeded()


# The recount: from the file alone


class Place(NamedTuple):
    """Where a line ended up, and what it is worth to the cent; refunds are below 0."""

    name: str
    amount: Decimal


class Row(NamedTuple):
    """A line of the file: its number, its text, and the exact amount, readable or not."""

    line: int
    text: dict[str, str]
    amount: Decimal

    @property
    def invoice(self) -> str:
        return self.text["InvoiceNo"].upper()

    @property
    def is_refund(self) -> bool:
        return self.invoice.startswith("C")

    @property
    def cents(self) -> Decimal:
        return self.amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Recount(NamedTuple):
    places: dict[int, Place]
    exact_total: Decimal
    net_by_customer: dict[str, Decimal]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(line, text, Decimal(text["Quantity"]) * Decimal(text["UnitPrice"].replace(",", "")))
            for line, text in enumerate(csv.DictReader(file), start=2)
        ]


def recount(path: Path) -> Recount:
    rows = read(path)
    places: dict[int, Place] = {}
    seen: set[tuple[str, ...]] = set()
    orders: dict[str, list[Row]] = {}
    refunds: list[Row] = []
    for row in rows:
        name = place_alone(row, seen)
        if name:
            places[row.line] = Place(name, row.cents)
        elif row.is_refund:
            refunds.append(row)
        else:
            orders.setdefault(row.invoice, []).append(row)

    customer_of = {row.invoice: row.text["CustomerID"] for row in rows}
    remaining: dict[str, Decimal] = {}
    for invoice, lines in orders.items():
        amount = sum((row.cents for row in lines), Decimal(0))
        name = place_of_order(invoice, amount, customer_of[invoice])
        places.update({row.line: Place(name, row.cents) for row in lines})
        if "quarantined" not in name:
            remaining[invoice] = amount
    net_by_customer: dict[str, Decimal] = {}
    for invoice, amount in remaining.items():
        customer = customer_of[invoice]
        net_by_customer[customer] = net_by_customer.get(customer, Decimal(0)) + amount
    for row in sorted(refunds, key=made_at):
        name = place_of_refund(row, remaining)
        places[row.line] = Place(name, row.cents)
        if name == "refund accepted":
            net_by_customer[customer_of[row.invoice[1:]]] += row.cents
    return Recount(places, sum((row.amount for row in rows), Decimal(0)), net_by_customer)


def place_alone(row: Row, seen: set[tuple[str, ...]]) -> str:
    """Judge a line by itself and the lines before it; nothing where its order decides."""
    content = tuple(row.text.values())
    is_copy = content in seen
    seen.add(content)
    kind = "refund" if row.is_refund else "line"
    if row.text["StockCode"].upper() in ADJUSTMENTS:
        return "left out"
    if "," in row.text["UnitPrice"]:
        return f"{kind} quarantined AMOUNT_FORMAT"
    return f"{kind} collapsed" if is_copy else ""


def made_at(row: Row) -> dt.datetime:
    text = f"{row.text['InvoiceDate']} +0000"
    return dt.datetime.strptime(text, "%m/%d/%Y %H:%M %z")


def place_of_order(invoice: str, amount: Decimal, customer: str) -> str:
    if invoice.startswith("A"):
        return "order quarantined STATUS_UNKNOWN"
    if amount < 0:
        return "order quarantined AMOUNT_NEGATIVE"
    return "customer's order" if customer else "guest's order"


def place_of_refund(row: Row, remaining: dict[str, Decimal]) -> str:
    """Judge a refund by what earlier ones left of its order, and take it off there."""
    invoice = row.invoice[1:]
    if row.cents >= 0:
        return "refund quarantined AMOUNT_NEGATIVE"
    if invoice not in remaining:
        return "refund quarantined REFUND_ORPHAN"
    remaining[invoice] += row.cents
    return "refund accepted" if remaining[invoice] >= 0 else "refund quarantined REFUND_EXCEEDS"


# What the build made of it

BUILT_PLACES = """
    select
        lines.source_line,
        case
            when lines.verdict <> 'accepted'
                then trim('line ' || lines.verdict || ' ' || lines.reason_codes)
            when orders.verdict <> 'accepted'
                then 'order ' || orders.verdict || ' ' || split_part(orders.reason_codes, ',', 1)
            when orders.customer_id is null then 'guest''s order'
            else 'customer''s order'
        end,
        lines.line_amount
    from int_order_lines_checked as lines
    left join int_orders_checked as orders on lines.order_id = orders.order_id
    union all
    select
        source_line,
        trim('refund ' || verdict || ' ' || split_part(reason_codes, ',', 1)),
        -source_amount
    from int_refunds_checked
"""


def totals(places: Iterable[Place]) -> dict[str, tuple[int, Decimal]]:
    """Return number and amount of the lines by place."""
    found: dict[str, tuple[int, Decimal]] = {}
    for name, amount in places:
        count, total = found.get(name, (0, Decimal(0)))
        found[name] = count + 1, total + amount
    return found


def built_places(build: Build, recounted: Mapping[int, Place]) -> dict[int, Place]:
    """Return the place of each line; the amount of one that no table could read is the file's."""
    rows = build.query(BUILT_PLACES)
    assert len({line for line, *_ in rows}) == len(rows), "a line is in two places"
    places = {
        line: Place(name, recounted[line].amount if amount is None else amount)
        for line, name, amount in rows
    }
    return {
        line: places.get(line, Place("left out", expected.amount))
        for line, expected in recounted.items()
    }


def documented_query() -> str:
    [query] = re.findall(r"```sql\n([^`]*left_out_of_both[^`]*)```", PAGE.read_text("utf-8"))
    return str(query)


def test_the_file_holds_what_was_planted(shop: tuple[Path, Build]) -> None:
    places = recount(shop[0]).places
    counts = Counter(place.name for place in places.values())
    sound = {"customer's order", "guest's order"}
    assert {name: count for name, count in counts.items() if name not in sound} == PLANTED
    assert len(places) > 5_000


def test_each_line_is_in_the_one_place_where_it_belongs(shop: tuple[Path, Build]) -> None:
    path, build = shop
    recounted = recount(path).places
    found = built_places(build, recounted)
    assert {
        line: (found[line], place) for line, place in recounted.items() if found[line] != place
    } == {}


def test_the_parts_add_up_to_the_file(shop: tuple[Path, Build]) -> None:
    path, build = shop
    counted = recount(path)
    found = totals(built_places(build, counted.places).values())
    # 20 lines of 3 x 0.125 come to half a penny more each, rounded away from zero.
    rounding = 20 * Decimal("0.005")
    assert sum(amount for _, amount in found.values()) - rounding - counted.exact_total == 0
    assert found["line quarantined AMOUNT_FORMAT"] == (10, Decimal(8 * 1_199 + 2 * 2_500))
    assert found["order quarantined STATUS_UNKNOWN"] == (6, -2 * Decimal("11062.06"))


def test_accepted_orders_and_refunds_are_the_sums_of_their_lines(shop: tuple[Path, Build]) -> None:
    path, build = shop
    expected = totals(recount(path).places.values())
    assert build.query(
        "select is_guest, sum(net_amount) from int_orders_accepted group by 1 order by 1"
    ) == [(False, expected["customer's order"][1]), (True, expected["guest's order"][1])]
    assert build.query(
        "select reason_code, count(*) from fct_quarantined_rows where source_table = 'refunds' "
        "group by 1 order by 1"
    ) == [("AMOUNT_NEGATIVE", 5), ("REFUND_EXCEEDS", 20), ("REFUND_ORPHAN", 60)]
    assert build.query(
        "select -sum(refund_amount) from int_refunds_checked where verdict = 'accepted'"
    ) == [(expected["refund accepted"][1],)]


def test_net_revenue_is_what_was_accepted_less_refunds(shop: tuple[Path, Build]) -> None:
    path, build = shop
    counted = recount(path)
    expected = totals(counted.places.values())
    customers, guests = build.query(
        "select (select sum(net_amount) from int_customer_days_totalled), "
        "(select sum(net_amount) from int_orders_signed where is_guest)"
    )[0]
    accepted = ("customer's order", "guest's order", "refund accepted")
    assert customers + guests == sum(expected[name][1] for name in accepted)
    assert guests == counted.net_by_customer.pop("")
    assert counted.net_by_customer == dict(
        build.query("select customer_id, lifetime_net_revenue_amount from dim_customer_tiers")
    )


def test_the_documented_query_accounts_for_every_line(shop: tuple[Path, Build]) -> None:
    path, build = shop
    places = recount(path).places
    refunds = sum(place.name.startswith("refund") for place in places.values())
    left_out = PLANTED["left out"]
    assert build.query(documented_query()) == [
        (str(path), len(places), len(places) - refunds - left_out, refunds, left_out)
    ]


# The example file of the page


def test_the_documented_example_gives_the_numbers_of_its_page(documented_example: Build) -> None:
    file = str(EXAMPLES / "invoice_lines.csv")
    assert documented_example.query(documented_query()) == [(file, 15, 12, 2, 1)]
    assert documented_example.query(
        "select source_table, read_count, accepted_count, collapsed_count, quarantined_count "
        "from rpt_input_reconciliation order by 1"
    ) == [("order_lines", 12, 10, 1, 1), ("orders", 9, 7, 0, 2), ("refunds", 2, 1, 0, 1)]
    assert documented_example.query(
        "select source_table, line_number, reason_code from fct_quarantined_rows "
        "order by source_table, reason_code"
    ) == [
        ("order_lines", 14, "AMOUNT_FORMAT"),
        ("orders", None, "LINES_UNREADABLE"),
        ("orders", None, "STATUS_UNKNOWN"),
        ("refunds", 11, "REFUND_ORPHAN"),
    ]
    assert documented_example.query(
        "select sum(net_amount), sum(case when is_guest then net_amount end) "
        "from int_orders_accepted"
    ) == [(Decimal("98.28"), Decimal("7.65"))]
    assert documented_example.query(
        "select order_id, refund_amount from int_refunds_checked where verdict = 'accepted'"
    ) == [("900003", Decimal("2.50"))]
    assert documented_example.query(
        "select sum(lifetime_net_revenue_amount) from dim_customer_tiers"
    ) == [(Decimal("98.28") - Decimal("7.65") - Decimal("2.50"),)]


@pytest.mark.parametrize("name", ["invoice_lines.yml", "cdnow.yml"])
def test_the_page_shows_what_the_mapping_says(name: str) -> None:
    page = PAGE.read_text("utf-8")
    shown = page[page.index(f"[examples/{name}](examples/{name})") :].split("```")[1]
    mapping = (EXAMPLES / name).read_text("utf-8").splitlines()
    lines = [line for line in shown.splitlines()[1:] if line.strip() not in {"", "# ..."}]
    assert [line for line in lines if line not in mapping] == []
    assert len(lines) > 8


def test_the_page_names_every_reason_code_once_and_under_what_happens() -> None:
    [table] = re.findall(r"\| what happens \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE.read_text("utf-8"))
    found: list[tuple[str, str]] = []
    verdict = ""
    for line in str(table).splitlines():
        verdict = line.split("|")[1].strip() or verdict
        found += [(code, verdict) for code in re.findall(r"[A-Z]{2,}(?:_[A-Z]+)+|SUPERSEDED", line)]
    with (PROJECT / "seeds" / "policy" / "reason_codes.csv").open(encoding="utf-8") as file:
        expected = [(row["reason_code"], row["verdict"]) for row in csv.DictReader(file)]
    assert sorted(found) == sorted(expected)
