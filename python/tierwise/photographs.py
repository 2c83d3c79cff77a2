"""Photographs of the dashboard for the README: ``python -m tierwise.photographs FOLDER TARGET``.

Opens the pages that ``tierwise.boards`` drew in the Chromium of the system, without a network, and
writes a PNG of each that the README shows.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page

# Board, language, width of the window, and how much of the page is shown; 0 is all of it.
SHOTS = (
    ("overview", "en", 1280, 0),
    ("movements", "en", 1280, 1160),
    ("overview", "zh", 1280, 0),
)
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class PhotographError(Exception):
    """There is no picture; the message says why and what to do."""


def chromium() -> str | None:
    """Find the Chromium of the system; ``TIERWISE_CHROMIUM`` may name another."""
    named = os.environ.get("TIERWISE_CHROMIUM")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """Open the Chromium of the system, which calls nobody by itself.

    Raises
    ------
    PhotographError : there is none.
    """
    # Met only where a page is opened: a build needs no browser.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    program = chromium()
    if program is None:
        raise PhotographError(
            "Chromium is not installed (Debian and Ubuntu: apt-get install chromium)."
        )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program,
            # Its own sandbox needs rights that containers do not give; pages are our own.
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars"],
        )
        try:
            yield opened
        finally:
            opened.close()


def open_page(opened: Browser, address: str, width: int) -> Page:
    """Open a page at a width, let it settle, and cut off the network."""
    context = opened.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(address)
    page.evaluate("document.fonts.ready")
    return page


def photograph(folder: Path, target: Path) -> list[Path]:
    """Write the photographs of the pages in ``folder`` to ``target``; returns their paths.

    Raises
    ------
    PhotographError : a page or a Chromium is missing.
    """
    pages = {shot: folder / shot[1] / f"{shot[0]}.html" for shot in SHOTS}
    for file in pages.values():
        if not file.is_file():
            raise PhotographError(f"There is no {file.absolute()}: run `make dashboard`.")
    target.mkdir(parents=True, exist_ok=True)
    pictures = []
    with browser() as opened:
        for (board, language, width, height), file in pages.items():
            page = open_page(opened, file.absolute().as_uri(), width)
            if height:
                page.set_viewport_size({"width": width, "height": height})
            picture = target / f"{board}-{language}-{width}.png"
            page.screenshot(path=picture, full_page=not height)
            pictures.append(picture)
    return pictures


def main(arguments: Sequence[str]) -> int:
    """Write the photographs; 0, or 1 with a message where that cannot be done."""
    if len(arguments) != 2:  # noqa: PLR2004 - as the message says
        print(
            "Say from where to where: python -m tierwise.photographs dashboard docs/dashboard",
            file=sys.stderr,
        )
        return 1
    try:
        for picture in photograph(Path(arguments[0]), Path(arguments[1])):
            print(picture)
    except PhotographError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
