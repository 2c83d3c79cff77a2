"""However the files come, what stands in the tables is what a full refresh over them gives.

The same files arrive in ten batches, each time in another order, and are built after each batch:
three times, or thirty with the environment variable TIERWISE_FULL=1. Then files and settings change
between two builds. Compared are all rows of the tables that are loaded bit by bit and of those that
say what became of each row; of some arrivals and changes, and of all with TIERWISE_FULL=1, those of
all tables. Left out are the three columns in which a load speaks about itself.
"""

from __future__ import annotations

import os
import random
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from background import made_in_background
from harness import DATABASE, ONLY_TABLES, PROJECT, Build
from landing_shop import (
    BATCHES,
    CUSTOMER_MERGES,
    FX_RATES,
    File,
    Shop,
    shop_of_lines,
    shop_with_orders,
)
from step_runs import COMPARED, ParsedProject, Report, Step, differing_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Those from 20 on are of the shop that has lines only; every tenth ends in all tables, and builds
# what is judged and counted after each batch, the others only what is loaded bit by bit.
IS_FULL = os.environ.get("TIERWISE_FULL") == "1"
ARRIVALS = range(30) if IS_FULL else (0, 1, 20)
ARRIVALS_OF_LINES = [number for number in ARRIVALS if number >= 20]
SEEDS = {"fx_rates": FX_RATES, "customer_merges": CUSTOMER_MERGES}

EVERYTHING = ("build", *ONLY_TABLES)
# Tables loaded bit by bit, and what became of each row: all else is made anew from these each time.
LOADED = (
    *("build", *ONLY_TABLES, "--select", "+int_customer_periods_measured"),
    *("+fct_quarantined_rows", "+rpt_data_quality", "+rpt_input_reconciliation"),
)
# Neither seeds nor views that say the same each time: they are there from the first build on.
BIT_BY_BIT = (
    *("run", "--select", "+int_customer_days_purchased"),
    *("--exclude", "int_customer_merges_resolved", "int_orders_unioned", "int_orders_accepted"),
)

_FOLDER = tempfile.TemporaryDirectory(prefix="tierwise-arrivals-")
_LOCK = threading.Lock()
_PARSED: list[ParsedProject] = []


def parsed_project() -> ParsedProject:
    with _LOCK:
        if not _PARSED:
            _PARSED.append(ParsedProject(Path(_FOLDER.name), SEEDS))
    return _PARSED[0]


def delivered(shop: Shop, folder: Path) -> dict[File, Path]:
    """Write the files where they wait for their day."""
    for file in shop.files:
        file.write_to(folder)
    return {file: folder / file.table / file.name for file in shop.files}


def arriving(
    sources: dict[File, Path], files: Iterable[File], folder: Path
) -> list[tuple[Path, Path]]:
    return [(sources[file], folder / file.table / file.name) for file in files]


@dataclass(frozen=True)
class Compared:
    """What was built in many steps, what at once, and where both still are."""

    found: Report
    expected: Report
    folder: Path
    reference: Path

    def assert_same(self) -> None:
        differing = [
            name
            for name, content in self.expected.contents.items()
            if name in self.found.contents and self.found.contents[name] != content
        ]
        rows = (
            differing_rows(self.folder / DATABASE, self.reference / DATABASE) if differing else {}
        )
        assert differing == [], f"{self.folder}: {rows}"
        assert set(self.found.contents) <= set(self.expected.contents)
        assert {"int_customer_periods_measured", "fct_quarantined_rows"} <= set(self.found.contents)


def arrive(folder: Path, numbers: Sequence[int], shop: Shop) -> dict[int, Compared]:
    project = parsed_project()
    sources = delivered(shop, folder / "delivered")
    reference = folder / "at-once"
    steps = [
        Step(
            reference,
            settings=shop.settings,
            copies=arriving(sources, shop.files, reference),
            is_reported=True,
        )
    ]
    ends = {}
    for number in numbers:
        place = folder / str(number)
        order = random.Random(number).sample(range(BATCHES), BATCHES)  # noqa: S311 - no secret
        for day, batch in enumerate(order):
            files = [*(shop.standing if day == 0 else []), *shop.batches[batch]]
            is_last = day == BATCHES - 1
            is_judged = day == 0 or is_last or number % 10 == 0
            is_whole = is_last and (IS_FULL or number % 10 == 0)
            steps.append(
                Step(
                    place,
                    EVERYTHING if is_whole else LOADED if is_judged else BIT_BY_BIT,
                    settings=shop.settings,
                    copies=arriving(sources, files, place),
                    is_reported=is_last,
                )
            )
        ends[number] = len(steps) - 1
    reports = project.run(folder, steps)
    assert reports[-1].success, reports[-1].output
    return {
        number: Compared(reports[end], reports[0], folder / str(number), reference)
        for number, end in ends.items()
    }


@made_in_background
def arrivals_of_orders(folder: Path) -> dict[int, Compared]:
    numbers = [number for number in ARRIVALS if number not in ARRIVALS_OF_LINES]
    return arrive(folder, numbers[::2], shop_with_orders())


@made_in_background
def more_arrivals_of_orders(folder: Path) -> dict[int, Compared]:
    numbers = [number for number in ARRIVALS if number not in ARRIVALS_OF_LINES]
    return arrive(folder, numbers[1::2], shop_with_orders())


@made_in_background
def arrivals_of_lines(folder: Path) -> dict[int, Compared]:
    folder.mkdir(parents=True)
    return arrive(folder, ARRIVALS_OF_LINES, shop_of_lines(folder))


@pytest.fixture
def arrival(request: pytest.FixtureRequest) -> Compared:
    number = request.param
    if number in ARRIVALS_OF_LINES:
        name = "arrivals_of_lines"
    else:
        name = "more_arrivals_of_orders" if number % 2 else "arrivals_of_orders"
    arrivals: dict[int, Compared] = request.getfixturevalue(name)
    return arrivals[number]


@pytest.mark.usefixtures("arrivals_of_orders", "more_arrivals_of_orders", "arrivals_of_lines")
@pytest.mark.parametrize("arrival", ARRIVALS, indirect=True)
def test_any_order_of_arrival_ends_in_the_tables_of_a_full_refresh(arrival: Compared) -> None:
    arrival.assert_same()
    # Else every build began anew, and nothing is shown.
    for table in ("int_orders_checked", "int_customer_days_purchased"):
        newest, histories = arrival.found.loads[table]
        assert newest > 1, table
        assert histories == 1, table
    assert arrival.expected.loads["int_orders_checked"] == (1, 1)


def test_every_table_is_compared(
    arrivals_of_orders: dict[int, Compared], arrivals_of_lines: dict[int, Compared]
) -> None:
    models = {
        path.stem for path in (PROJECT / "models").rglob("*") if path.suffix in (".sql", ".py")
    }
    expected = {name for name in models if name.startswith(COMPARED)}
    assert set(arrivals_of_orders[0].found.contents) == expected
    assert set(arrivals_of_lines[20].found.contents) == expected


@pytest.mark.parametrize(
    ("shop", "expected"),
    [
        (
            "arrivals_of_orders",
            {
                *("DUPLICATE_ROW", "SUPERSEDED", "ORDER_DELETED", "ORDER_CONFLICT", "GUEST_ORDER"),
                *("TEST_ORDER", "REFUND_ORPHAN", "FILE_DUPLICATE", "ROW_FIELD_COUNT"),
                *("LINE_CONFLICT", "CURRENCY_MISSING", "AMOUNT_MISSING", "TOTAL_MISMATCH"),
            },
        ),
        (
            "arrivals_of_lines",
            {
                *("DUPLICATE_ROW", "SUPERSEDED", "ORDER_CONFLICT", "LINE_CONFLICT", "GUEST_ORDER"),
                *("REFUND_ORPHAN", "FILE_DUPLICATE", "CURRENCY_MISSING", "LINES_UNREADABLE"),
                "LINES_INCOMPLETE",
            },
        ),
    ],
)
def test_the_shop_has_what_could_go_wrong(
    request: pytest.FixtureRequest, shop: str, expected: set[str]
) -> None:
    compared = next(iter(request.getfixturevalue(shop).values()))
    build = Build(compared.reference / DATABASE, 0, "")
    codes = build.query("select distinct reason_code from rpt_data_quality")
    assert {code for (code,) in codes} >= expected


# --- Files, settings and seeds that change between two builds ------------------------------------


@dataclass(frozen=True)
class Stage:
    """What happens before a build: files go and come by name, settings and seeds are replaced."""

    drops: Sequence[str] = ()
    texts: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)
    arguments: Sequence[str] | None = None


ONLY_LANDED = ("build", *ONLY_TABLES, "--select", "+int_orders_landed")
ONLY_CHECKED_ANEW = ("build", *ONLY_TABLES, "--full-refresh", "--select", "int_orders_checked")
ONLY_CHECKED = ("build", *ONLY_TABLES, "--select", "+int_orders_checked")

# Changes after which everything is built and compared.
WHOLE_CHANGES = {"orders corrected in place", "other merges"}

OTHER_STATUSES = "source_status,is_purchase\ncompleted,true\ncancelled,true\nwho knows,false\n"
OTHER_RATES = FX_RATES.replace("1.25", "1.75") + "XTS,2024-01-01,,2\n"
OTHER_MERGES = CUSTOMER_MERGES.replace("c31", "c40") + "c07,c08,same person\n"


def _files() -> dict[str, str]:
    return {
        f"{file.table}/{file.name}": file.content.decode()
        for batch in shop_with_orders().batches
        for file in batch
    }


def _corrected(name: str) -> str:
    """Return the file as its sender would have it now: rows gone, others otherwise."""
    header, *rows = _files()[name].splitlines()
    kept = [row for number, row in enumerate(rows) if number % 7]
    kept[1::5] = [row.replace("completed", "cancelled") for row in kept[1::5]]
    return "\n".join([header, *kept]) + "\n"


def _changes() -> dict[str, list[Stage]]:
    orders, lines = "orders/orders-c.csv", "order_lines/order_lines-d.csv"
    files = _files()
    return {
        "orders corrected in place": [Stage(texts={orders: _corrected(orders)})],
        "lines corrected in place": [Stage(texts={lines: _corrected(lines)})],
        "a file that is gone": [Stage(drops=["orders/orders-e.csv"])],
        "a copy whose original is gone": [Stage(drops=["orders/orders-h.csv"])],
        "a renamed file": [Stage(drops=[orders], texts={"orders/renamed.csv": files[orders]})],
        "a file that went and came back": [
            Stage(drops=[orders], arguments=ONLY_LANDED),
            Stage(texts={orders: files[orders]}),
        ],
        "another time zone": [Stage(settings={"business_timezone": "Asia/Shanghai"})],
        "another first day": [Stage(settings={"min_order_date": "2024-03-01"})],
        "another currency": [Stage(settings={"base_currency": "EUR"})],
        "a setting there and back": [
            Stage(settings={"min_order_date": "2024-03-01"}, arguments=ONLY_CHECKED),
            Stage(),
        ],
        "other statuses": [Stage(seeds={"order_status_map": OTHER_STATUSES})],
        "other rates": [Stage(seeds={"fx_rates": OTHER_RATES})],
        "other merges": [Stage(seeds={"customer_merges": OTHER_MERGES})],
        "models left out": [
            Stage(texts={"orders/late.csv": _corrected(orders)}, arguments=ONLY_LANDED),
            Stage(texts={"orders/later.csv": _corrected("orders/orders-f.csv")}),
        ],
        "one model built anew, with orders in between": [
            Stage(texts={"orders/late.csv": _corrected(orders)}, arguments=ONLY_LANDED),
            Stage(arguments=ONLY_CHECKED_ANEW),
            Stage(),
        ],
        "a seed there and back, with orders in between": [
            Stage(
                seeds={"order_status_map": OTHER_STATUSES},
                texts={"orders/late.csv": _corrected(orders)},
                arguments=ONLY_CHECKED,
            ),
            Stage(),
        ],
    }


def _seed_writes(project: ParsedProject, seeds: dict[str, str]) -> dict[Path, str]:
    standing = {
        "order_status_map": (PROJECT / "seeds/policy/order_status_map.csv").read_text("utf-8")
    }
    return {project.seed_path(name): text for name, text in (standing | SEEDS | seeds).items()}


@made_in_background
def changes(folder: Path) -> dict[str, Compared]:
    """Change one thing at a time in copies of a shop that was loaded twice."""
    project = ParsedProject(folder / "parsed", SEEDS)
    shop = shop_with_orders()
    sources = delivered(shop, folder / "delivered")
    base = folder / "base"
    early = [*shop.standing, *(file for batch in shop.batches[:6] for file in batch)]
    late = [file for batch in shop.batches[6:] for file in batch]
    steps = [
        Step(base, LOADED, settings=shop.settings, copies=arriving(sources, files, base))
        for files in (early, late)
    ]
    found, expected, places = {}, {}, {}
    for name, stages in _changes().items():
        place = folder / name / "step by step"
        reference = folder / name / "at once"
        copies = [
            *arriving(sources, shop.files, place),
            (base / DATABASE, place / DATABASE),
        ]
        names = {f"{file.table}/{file.name}": sources[file] for file in shop.files}
        texts: dict[str, str] = {}
        last = EVERYTHING if IS_FULL or name in WHOLE_CHANGES else LOADED
        for stage in stages:
            for gone in stage.drops:
                names.pop(gone)
            texts |= stage.texts
            steps.append(
                Step(
                    place,
                    stage.arguments or last,
                    settings=shop.settings | stage.settings,
                    copies=copies,
                    removals=[place / gone for gone in stage.drops],
                    writes={place / path: text for path, text in stage.texts.items()}
                    | _seed_writes(project, stage.seeds),
                    is_reported=stage is stages[-1],
                )
            )
            copies = []
        found[name] = len(steps) - 1
        steps.append(
            Step(
                reference,
                last,
                settings=shop.settings | stages[-1].settings,
                copies=[(source, reference / path) for path, source in names.items()],
                writes={reference / path: text for path, text in texts.items()},
                is_reported=True,
            )
        )
        expected[name] = len(steps) - 1
        places[name] = (place, reference)
    reports = project.run(folder, steps)
    assert reports[-1].success, reports[-1].output
    return {
        name: Compared(reports[found[name]], reports[expected[name]], *places[name])
        for name in found
    }


@pytest.mark.parametrize("change", list(_changes()))
def test_a_change_between_two_builds_ends_in_the_tables_of_a_full_refresh(
    changes: dict[str, Compared], change: str
) -> None:
    changes[change].assert_same()


@pytest.mark.parametrize(
    "change", ["orders corrected in place", "a file that is gone", "other rates", "other merges"]
)
def test_the_change_was_one(changes: dict[str, Compared], change: str) -> None:
    """The tables are others than those of the renamed file, which changed no order."""
    unchanged = changes["a renamed file"].expected.contents["int_customer_days_purchased"]
    assert changes[change].expected.contents["int_customer_days_purchased"] != unchanged
