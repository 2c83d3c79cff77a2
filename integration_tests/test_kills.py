"""A build that is killed at any moment leaves nothing that the next build does not put right.

A shop is loaded; new files come; the build that takes them in is killed (SIGKILL, so that nothing
can be tidied up), and the next one must end in the tables of one that nobody disturbed. Three
points by default; twenty with the environment variable TIERWISE_FULL=1.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from background import made_in_background
from harness import DATABASE
from landing_shop import CUSTOMER_MERGES, FX_RATES, File, Shop, shop_with_orders
from step_runs import ParsedProject, Report, Step, differing_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TRIALS = 20 if os.environ.get("TIERWISE_FULL") == "1" else 3
SEEDS = {"fx_rates": FX_RATES, "customer_merges": CUSTOMER_MERGES}
FIRST, LAST = "int_orders_landed", "int_customer_days_purchased"

_FINISHED = re.compile(r"Finished running node \S*\.tierwise\.(\w+)")
# Longer than any build of this shop on a machine that has other things to do.
_PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Kill:
    """Where a build was killed, and what the next one made of it."""

    finished: list[str]
    was_killed: bool
    left_a_log: bool
    after: Report
    folder: Path


@dataclass(frozen=True)
class Kills:
    undisturbed: Report
    order: list[str]
    folder: Path
    trials: list[Kill]


def _finished_models(folder: Path) -> list[str]:
    log = folder / "logs" / "dbt.log"
    if not log.exists():
        return []
    return _FINISHED.findall(log.read_text(encoding="utf-8", errors="replace"))


def _deliver(files: Iterable[File], folder: Path) -> None:
    for file in files:
        file.write_to(folder)


def _kill_after(project: ParsedProject, step: Step, models: int, delay: float) -> bool:
    """Kill dbt and all it started, some time after that many models; False if it was through."""
    process = project.start(step)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while process.poll() is None and len(_finished_models(step.folder)) < models:
        assert time.monotonic() < deadline, f"only {_finished_models(step.folder)}"
        time.sleep(0.01)
    time.sleep(delay)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _points(order: list[str], chance: random.Random) -> list[int]:
    """Spread the kills over the build; every other one falls where tables are loaded bit by bit."""
    window = (order.index(FIRST) + 1, order.index(LAST))
    points = []
    for trial in range(TRIALS):
        start, end = window if trial % 2 else (0, len(order) - 1)
        width = (end - start) / TRIALS
        points.append(int(start + width * (trial + chance.random())))
    return points


@made_in_background
def kills(folder: Path) -> Kills:
    project = ParsedProject(folder / "parsed", SEEDS)
    shop = shop_with_orders()
    base, calm = folder / "base", folder / "calm"
    early = [*shop.standing, *(file for batch in shop.batches[:7] for file in batch)]
    _deliver(early, base)
    [first] = project.run(folder, [Step(base, settings=shop.settings)])
    assert first.success, first.output

    def step(place: Path, *, is_reported: bool) -> Step:
        return Step(place, settings=shop.settings, is_reported=is_reported)

    assert project.start(step(_second_load(shop, base, calm), is_reported=True)).wait() == 0
    [undisturbed] = project.reports(calm)
    assert undisturbed.success, undisturbed.output
    order = _finished_models(calm)
    chance = random.Random(20)  # noqa: S311 - not a secret
    killed = []
    for number, models in enumerate(_points(order, chance)):
        place = _second_load(shop, base, folder / str(number))
        was_killed = _kill_after(
            project, step(place, is_reported=False), models, chance.uniform(0, 0.15)
        )
        left_a_log = (place / f"{DATABASE}.wal").exists()
        killed.append((place, was_killed, left_a_log, _finished_models(place)))
    again = [step(place, is_reported=True) for place, *_ in killed]
    after = project.run(folder, again)
    return Kills(
        undisturbed,
        order,
        calm,
        [
            Kill(finished, was_killed, left_a_log, report, place)
            for (place, was_killed, left_a_log, finished), report in zip(killed, after, strict=True)
        ],
    )


def _second_load(shop: Shop, base: Path, place: Path) -> Path:
    """Copy what the first load left, the database's own log with it, and bring the new files."""
    place.mkdir(parents=True)
    for file in base.glob(f"{DATABASE}*"):
        shutil.copy2(file, place / file.name)
    _deliver(shop.files, place)
    return place


@pytest.mark.parametrize("trial", range(TRIALS))
def test_the_next_build_ends_in_the_tables_of_an_undisturbed_one(kills: Kills, trial: int) -> None:
    kill = kills.trials[trial]
    assert kill.after.success, kill.after.output
    differing = [
        name
        for name, content in kills.undisturbed.contents.items()
        if kill.after.contents.get(name) != content
    ]
    assert differing == [], (
        f"killed after {kill.finished}: "
        f"{differing_rows(kill.folder / DATABASE, kills.folder / DATABASE)}"
    )
    assert set(kill.after.contents) == set(kills.undisturbed.contents)


def test_builds_were_killed_where_it_matters(kills: Kills) -> None:
    done = [len(kill.finished) for kill in kills.trials if kill.was_killed]
    assert len(done) >= TRIALS - 1, done
    assert any(FIRST in kill.finished and LAST not in kill.finished for kill in kills.trials), done
    # Else the database had nothing to take back or to repeat.
    assert any(kill.left_a_log for kill in kills.trials)
    assert len(set(done)) > TRIALS / 2, done


def test_the_second_load_was_a_further_one(kills: Kills) -> None:
    newest, histories = kills.undisturbed.loads[LAST]
    assert newest > 1
    assert histories == 1
