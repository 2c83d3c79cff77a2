"""What all tests share: the build of the shipped data, and a report of what went unchecked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from background import BACKGROUND, Background, is_made_in_background, made_in_background
from harness import BUILD, Build, run_dbt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_UNCHECKED = pytest.StashKey[list[str]]()


@made_in_background
def demo(folder: Path) -> Build:
    """The Complete Journey with every setting as it is shipped, and its data tests."""
    return run_dbt(folder, *BUILD).succeeded()


@pytest.fixture
def leave_unchecked(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Skip for want of a tool, loudly: the end of the run says so, and under CI it is a failure."""

    def leave(reason: str) -> None:
        if os.environ.get("CI"):
            pytest.fail(f"{reason} Under CI everything must be checked.")
        request.config.stash[_UNCHECKED].append(f"{request.node.name}: {reason}")
        pytest.skip(reason)

    return leave


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_UNCHECKED] = []
    config.addinivalue_line("markers", "full: takes long; runs with TIERWISE_FULL=1 alone")
    config.stash[BACKGROUND] = Background()


def pytest_unconfigure(config: pytest.Config) -> None:
    if BACKGROUND in config.stash:
        config.stash[BACKGROUND].close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("TIERWISE_FULL") != "1":
        left_out = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish(session: pytest.Session) -> None:
    # A worker of pytest-xdist collects every test and runs some: it makes things when asked.
    if session.config.option.collectonly or hasattr(session.config, "workerinput"):
        return
    for item in session.items:
        for name in filter(is_made_in_background, getattr(item, "fixturenames", ())):
            session.config.stash[BACKGROUND].start(name)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    unchecked = terminalreporter.config.stash.get(_UNCHECKED, [])
    if unchecked:
        terminalreporter.section("NOT CHECKED", red=True, bold=True)
        for line in unchecked:
            terminalreporter.write_line(line, red=True)
    if terminalreporter.config.option.durations is not None:
        seconds = terminalreporter.config.stash[BACKGROUND].seconds
        terminalreporter.section("made in the background")
        for name, taken in sorted(seconds.items(), key=lambda pair: -pair[1]):
            terminalreporter.write_line(f"{taken:.2f}s {name}")
