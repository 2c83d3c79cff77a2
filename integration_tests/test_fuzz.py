"""A thousand files broken at random: no row is lost, none counted twice, no good one harmed."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from background import made_in_background
from harness import Build, build_tables_quickly

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 1_000
SEED = 20_240_229
HEADER = "order_id,customer_id,ordered_at,amount,channel"
LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class GoodRow:
    """A row that nothing was done to."""

    order_id: str
    customer_id: str
    order_date: dt.date
    amount: Decimal
    text: str


@dataclass
class Line:
    """Some text on its way into a file, and its end.

    ``records`` is how many records it makes, and None where quotes leave that open.
    """

    text: str
    row: GoodRow | None = None
    records: int = 1
    is_unbalanced: bool = False
    has_break: bool = False
    end: str = "\n"


@dataclass
class BrokenFile:
    """What the generator knows: the good rows by line, and the records if that can be known."""

    name: str
    text: str
    good: dict[int, GoodRow] = field(default_factory=dict)
    records: int | None = 0
    unbalanced: list[int] = field(default_factory=list)
    mutations: list[str] = field(default_factory=list)
    has_break: bool = False

    @property
    def lines(self) -> list[str]:
        return LINE_END.split(self.text)

    def may_be_swallowed(self, line: int) -> bool:
        """Tell whether the line lies between two quotes that might be those of one field."""
        return bool(self.unbalanced) and self.unbalanced[0] < line < self.unbalanced[-1]


Random = np.random.Generator


def pick(random: Random, choices: list[str]) -> str:
    return choices[int(random.integers(len(choices)))]


def good_row(random: Random, file: int, place: int) -> GoodRow:
    order = f"f{file:04}r{place:02}"
    customer = pick(random, ["ann", "Smith, Joe", 'the "best"', "客户", "0042"])
    customer = f"{customer} {int(random.integers(200))}"
    day = dt.date(2023, 1, 1) + dt.timedelta(days=int(random.integers(400)))
    amount = Decimal(int(random.integers(0, 50_000))) / 100
    quoted = '"' + customer.replace('"', '""') + '"'
    shown = quoted if "," in customer or '"' in customer else customer
    channel = pick(random, ["", "web", '"web, app"', '""'])
    text = f"{order},{shown},{day},{amount:.2f},{channel}"
    return GoodRow(order, customer, day, amount, text)


def fields_of(row: GoodRow) -> list[str]:
    """Return fields without quotes, so that what is done to them is all there is to see."""
    return [row.order_id, "somebody", str(row.order_date), f"{row.amount:.2f}", "web"]


def with_field(row: GoodRow, place: int, text: str) -> str:
    fields = fields_of(row)
    fields[place] = text
    return ",".join(fields)


def cut(random: Random, row: GoodRow) -> list[Line]:
    # Never within the id: half an id might be somebody else's.
    return [Line(row.text[: int(random.integers(9, len(row.text)))].replace('"', ""))]


def more_delimiters(random: Random, row: GoodRow) -> list[Line]:
    place = int(random.integers(9, len(row.text)))
    bare = row.text.replace('"', "")
    return [Line(bare[:place] + "," * int(random.integers(1, 60)) + bare[place:])]


def stray_quote(random: Random, row: GoodRow) -> list[Line]:
    return [Line(with_field(row, 1, pick(random, ['a"b', '19" screen', 'a"b"c', 'x"', '"a"b'])))]


def open_quote(random: Random, row: GoodRow) -> list[Line]:
    place = int(random.integers(0, 5))
    return [Line(with_field(row, place, '"' + fields_of(row)[place]), is_unbalanced=True)]


def closing_quote(random: Random, row: GoodRow) -> list[Line]:
    place = int(random.integers(1, 5))
    return [Line(with_field(row, place, fields_of(row)[place] + '"'), is_unbalanced=True)]


def quoted_break(random: Random, row: GoodRow) -> list[Line]:
    end = pick(random, ["\n", "\r\n", "\r", "\n\n"])
    place = int(random.integers(0, 5))
    return [Line(with_field(row, place, f'"one{end}two"'), has_break=True)]


def bare_break(random: Random, row: GoodRow) -> list[Line]:
    fields = fields_of(row)
    place = int(random.integers(1, 5))
    return [
        Line(",".join(fields[:place]), end=pick(random, ["\n", "\r\n"])),
        Line(",".join(fields[place:])),
    ]


def odd_character(random: Random, row: GoodRow) -> list[Line]:
    odd = ["\0", "\x01", "\x1b", "\x7f", "\x85", "\u200b", "\u200d", "\u202e", "\u2028", "\ufeff"]
    place = int(random.integers(0, 5))
    text = fields_of(row)[place]
    return [Line(with_field(row, place, text[:1] + pick(random, odd) + text[1:]))]


def wrong_date(random: Random, row: GoodRow) -> list[Line]:
    dates = ["", "2023-02-30", "01/02/2023", "infinity", "epoch", "0000-00-00", "2023-1-1", "now"]
    return [Line(with_field(row, 2, pick(random, [*dates, "9999-99-99", "1899-12-31", "NaT"])))]


def wrong_amount(random: Random, row: GoodRow) -> list[Line]:
    amounts = ["", "NaN", "-inf", "1e5", "(12)", "1_000", "$5", "ten", "-1.00", "1.2.3", "0x10"]
    return [Line(with_field(row, 3, pick(random, [*amounts, "9" * 12, "9" * 40, "1" * 5000])))]


def swapped_fields(random: Random, row: GoodRow) -> list[Line]:
    fields = fields_of(row)
    first, second = random.choice(5, size=2, replace=False)
    fields[first], fields[second] = fields[second], fields[first]
    return [Line(",".join(fields))]


def blank_lines(random: Random, row: GoodRow) -> list[Line]:
    blanks = [Line("", records=0) for _ in range(int(random.integers(1, 4)))]
    return [*blanks, Line(row.text, row)]


def line_of_blanks(random: Random, row: GoodRow) -> list[Line]:
    return [Line(" " * int(random.integers(1, 9))), Line(row.text, row)]


def other_line_end(random: Random, row: GoodRow) -> list[Line]:
    return [Line(row.text, row, end=pick(random, ["\r\n", "\r"]))]


def copied_row(random: Random, row: GoodRow) -> list[Line]:
    copies = [Line(row.text) for _ in range(int(random.integers(1, 4)))]
    return [Line(row.text, row), *copies]


def mark_before(random: Random, row: GoodRow) -> list[Line]:
    return [Line(pick(random, ["\ufeff", "\ufeff\ufeff"]) + ",".join(fields_of(row)))]


def long_field(random: Random, row: GoodRow) -> list[Line]:
    length = int(random.integers(1_001, 20_000))
    return [Line(with_field(row, 1, pick(random, ["x", "界", "👩\u200d💻"]) * length))]


def emoji(random: Random, row: GoodRow) -> list[Line]:
    return [Line(with_field(row, int(random.integers(1, 5)), "👨\u200d👩\u200d👧 😀"))]


def hostile_text(random: Random, row: GoodRow) -> list[Line]:
    texts = ["'; drop table x; --", "=cmd|' /C calc'!A0", "{{ 1 / 0 }}", "%s%n", "\\", "\\N"]
    return [Line(with_field(row, int(random.integers(1, 5)), pick(random, texts)))]


def noise(random: Random, row: GoodRow) -> list[Line]:
    """Characters at random; the id stays out of it, so that it is nobody else's."""
    letters = list("abc,;|\t \\'#0189.-+eE/:%$€界😀\u200b\u00a0")
    length = int(random.integers(1, 80))
    return [Line(f"{row.order_id}," + "".join(random.choice(letters, size=length)))]


MUTATIONS: list[Callable[[Random, GoodRow], list[Line]]] = [
    cut,
    more_delimiters,
    stray_quote,
    open_quote,
    closing_quote,
    quoted_break,
    bare_break,
    odd_character,
    wrong_date,
    wrong_amount,
    swapped_fields,
    blank_lines,
    line_of_blanks,
    other_line_end,
    copied_row,
    mark_before,
    long_field,
    emoji,
    hostile_text,
    noise,
]


def broken_file(random: Random, number: int) -> BrokenFile:
    """Break one to four of some rows; at least two stay as they are."""
    rows = [good_row(random, number, place) for place in range(int(random.integers(4, 9)))]
    broken = random.choice(
        len(rows), size=int(random.integers(1, min(5, len(rows) - 1))), replace=False
    )
    file = BrokenFile(f"part-{number:04}.csv", HEADER + "\n")
    lines: list[Line] = []
    for place, row in enumerate(rows):
        if place in broken:
            mutate = MUTATIONS[int(random.integers(len(MUTATIONS)))]
            file.mutations.append(mutate.__name__)
            lines += mutate(random, row)
        else:
            lines.append(Line(row.text, row))
    for line in lines:
        number_of_line = 1 + len(LINE_END.findall(file.text))
        if line.row is not None:
            file.good[number_of_line] = line.row
        if line.is_unbalanced:
            file.unbalanced.append(number_of_line)
        file.has_break |= line.has_break
        file.text += line.text + line.end
        assert file.records is not None
        file.records += line.records
    # One quote without its other costs one line; two of them may be those of one field.
    if len(file.unbalanced) > 1 or (file.unbalanced and file.has_break):
        file.records = None
    if file.has_break and file.unbalanced:
        breaks = [n for n, text in enumerate(file.lines, 1) if '"' in text and n not in file.good]
        file.unbalanced = sorted({*file.unbalanced, *breaks})
    return file


def generated_files() -> list[BrokenFile]:
    random = np.random.default_rng(SEED)
    return [broken_file(random, number) for number in range(FILES)]


@dataclass(frozen=True)
class Fuzzed:
    """The files and their build; ``lines`` are the lines on which a record of the file begins."""

    files: list[BrokenFile]
    build: Build
    lines: dict[str, list[int | None]]


@made_in_background
def fuzzed(folder: Path) -> Fuzzed:
    files = generated_files()
    (folder / "orders").mkdir(parents=True)
    for file in files:
        (folder / "orders" / file.name).write_bytes(file.text.encode())
    settings = {
        "quarantined_revenue_limit": None,
        "inputs": {"orders": {"path": str(folder / "orders" / "*.csv")}},
    }
    build = build_tables_quickly(folder, settings=settings).succeeded()
    lines: dict[str, list[int | None]] = {file.name: [] for file in files}
    for path, line in build.query(
        "select source_file, source_line from int_orders_checked "
        "inner join stg_commerce__files using (source_file_key) where source_table = 'orders'"
    ):
        lines[Path(path).name].append(line)
    return Fuzzed(files, build, lines)


def test_every_kind_of_damage_is_done() -> None:
    done = Counter(name for file in generated_files() for name in file.mutations)
    assert set(done) == {mutate.__name__ for mutate in MUTATIONS}
    assert min(done.values()) > 50


def test_every_row_read_is_in_one_place(fuzzed: Fuzzed) -> None:
    rows = fuzzed.build.rows("select * from rpt_input_reconciliation")
    assert len(rows) == FILES
    assert [
        row
        for row in rows
        if row["read_count"]
        != row["accepted_count"]
        + row["collapsed_count"]
        + row["superseded_count"]
        + row["quarantined_count"]
    ] == []


def test_as_many_rows_are_read_as_were_written(fuzzed: Fuzzed) -> None:
    read = {
        Path(row["source_file"]).name: row["read_count"]
        for row in fuzzed.build.rows("select * from rpt_input_reconciliation")
    }
    assert [
        (file.name, file.mutations, file.records, read[file.name])
        for file in fuzzed.files
        if file.records is not None and file.records != read[file.name]
    ] == []
    known = sum(file.records is not None for file in fuzzed.files)
    assert known > 0.9 * FILES
    assert {name: len(lines) for name, lines in fuzzed.lines.items()} == read


def test_every_line_belongs_to_one_record(fuzzed: Fuzzed) -> None:
    wrong = []
    for file in fuzzed.files:
        begun = fuzzed.lines[file.name]
        filled = {n for n, text in enumerate(file.lines, 1) if text and n > 1}
        spans_lines = file.has_break or len(file.unbalanced) > 1
        if (
            len(set(begun)) < len(begun)
            or not set(begun) <= filled
            or (set(begun) < filled and not spans_lines)
        ):
            wrong.append((file.name, file.mutations, sorted(filled ^ set(begun), key=str)))
    assert wrong == []


def test_no_good_row_is_harmed(fuzzed: Fuzzed) -> None:
    found = fuzzed.build.by("order_id", "int_orders_accepted")
    harmed: list[tuple[str, list[str], int, object]] = []
    for file in fuzzed.files:
        for line, row in file.good.items():
            loaded = found.get(row.order_id)
            if loaded is None:
                if not file.may_be_swallowed(line):
                    harmed.append((file.name, file.mutations, line, None))
                continue
            values = (loaded["customer_id"], loaded["order_date"], loaded["net_amount"])
            at = loaded["source_line"]
            if values != (row.customer_id, row.order_date, row.amount) or at != line:
                harmed.append((file.name, file.mutations, line, (*values, at)))
    assert harmed == []


def test_quarantine_points_at_lines_of_the_file(fuzzed: Fuzzed) -> None:
    rows = fuzzed.build.rows("select * from fct_quarantined_rows")
    places = Counter((Path(row["source_file"]).name, row["line_number"]) for row in rows)
    assert [place for place, count in places.items() if count > 1] == []
    lengths = {file.name: len(file.lines) for file in fuzzed.files}
    assert [place for place in places if not 1 < (place[1] or 0) <= lengths[place[0]]] == []
    good = {(file.name, line) for file in fuzzed.files for line in file.good}
    assert [place for place in places if place in good] == []


def test_revenue_of_the_good_rows_is_theirs_to_the_cent(fuzzed: Fuzzed) -> None:
    accepted = {
        row["order_id"]: row["net_amount"]
        for row in fuzzed.build.rows("select * from int_orders_accepted")
    }
    good = {row.order_id: row.amount for file in fuzzed.files for row in file.good.values()}
    swallowed = {
        row.order_id
        for file in fuzzed.files
        for line, row in file.good.items()
        if file.may_be_swallowed(line) and row.order_id not in accepted
    }
    assert len(swallowed) < 0.01 * len(good)
    expected = sum(amount for order, amount in good.items() if order not in swallowed)
    assert sum(amount for order, amount in accepted.items() if order in good) == expected
