"""Session fixtures that are made two at a time, in the order of the tests, while others run."""

from __future__ import annotations

import shutil
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

_AT_ONCE = 2
_MAKERS: dict[str, Callable[[Path], Any]] = {}


class Background:
    """Makes each thing once, in a folder of its own that goes away at the end."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tierwise-tests-"))
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE)
        self._started: dict[str, Future[Any]] = {}
        self.seconds: dict[str, float] = {}

    def start(self, name: str) -> Future[Any]:
        if name not in self._started:
            self._started[name] = self._pool.submit(self._make, name)
        return self._started[name]

    def _make(self, name: str) -> Any:  # noqa: ANN401 - whatever the maker returns
        start = time.monotonic()
        try:
            return _MAKERS[name](self._folder / name)
        finally:
            self.seconds[name] = time.monotonic() - start

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)


BACKGROUND = pytest.StashKey[Background]()


def made_in_background(maker: Callable[[Path], Any]) -> Callable[..., Any]:
    """Make a session fixture of a function that takes a folder and returns what it made there."""
    name = maker.__name__
    assert name not in _MAKERS, f"two things are called {name}"
    _MAKERS[name] = maker

    @pytest.fixture(scope="session", name=name)
    def made(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - whatever the maker returns
        return request.config.stash[BACKGROUND].start(name).result()

    return made


def is_made_in_background(fixture: str) -> bool:
    return fixture in _MAKERS
