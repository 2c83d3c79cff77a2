"""Dashboard boards in two languages from one source: ``python -m tierwise.boards render``.

A board in ``charts/`` is a board of dbt-charts in which a text may be ``{en: ..., zh: ...}``,
``$lang`` is the language, ``$word`` a word of the mapping ``words`` at its top, and a column of a
table may be ``wide_only``. ``write`` puts each where dbt-charts finds it, in both languages and
both widths, ``render`` makes one HTML page of each board that needs nothing else, and ``serve``
serves them with filters that work. They read the published file; ``TIERWISE_PUBLISHED`` names it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import yaml

from tierwise.publish import PublishError, plan_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LANGUAGES = ("en", "zh")
SOURCE = "published"
# A board of dbt-charts is a drawing that shrinks with the window, until nobody can read it. Up to
# this width a page shows a second drawing, with one chart beside the other nowhere.
NARROW = "-narrow"
NARROW_WIDTH = 420
_NARROW_UP_TO = 720
# What everybody looks at first stands first.
ORDER = ("overview", "movements", "segments", "lifetime_value", "customers", "data_quality")
_LANGUAGE_NAMES = {"en": "English", "zh": "中文"}
_WORD = re.compile(r"\$([a-z_]+)")
_SETTINGS = "meta.yml"
# How often `serve` looks whether there is a new publication, in seconds.
_LOOK_EVERY = 1.0
_SERVE_WAITS = 60.0


class BoardError(Exception):
    """A board cannot be written, drawn or served; the message says which, why and what to do."""


@dataclass(frozen=True)
class Board:
    """A board in one language: where dbt-charts finds it, wide and narrow, and its title."""

    name: str
    language: str
    title: str
    wide: Path
    narrow: Path


def translate(board: object, language: str, words: Mapping[str, Mapping[str, str]]) -> Any:  # noqa: ANN401 - YAML
    """Give the board in one language.

    Raises
    ------
    BoardError : a word is not in ``words``, or not in this language.
    """
    if isinstance(board, dict):
        if board and set(board) <= set(LANGUAGES):
            if language not in board:
                raise BoardError(f"{board} has no text in {language!r}.")
            return translate(board[language], language, words)
        return {key: translate(value, language, words) for key, value in board.items()}
    if isinstance(board, list):
        return [translate(value, language, words) for value in board]
    if not isinstance(board, str):
        return board

    def word(match: re.Match[str]) -> str:
        name = match[1]
        if name == "lang":
            return language
        # In SQL a language is the end of a name: tier_label_$lang.
        if name not in words or language not in words[name]:
            raise BoardError(f"${name} is not among the words of the board in {language!r}.")
        return words[name][language]

    return _WORD.sub(word, board)


def fit(board: Mapping[str, Any], *, narrow: bool) -> dict[str, Any]:
    """Give the board for a wide or a narrow window.

    On a narrow one, charts stand below each other and key figures in pairs, and the columns that
    are ``wide_only`` are left out.
    """
    kinds = {name: chart["type"] for name, chart in board["charts"].items()}
    fitted = dict(board) | {
        "charts": {name: _fit_chart(chart, narrow) for name, chart in board["charts"].items()}
    }
    if narrow:
        rows: list[Any] = []
        for row in board["rows"]:
            names = row["cols"] if isinstance(row, dict) else [row]
            if all(kinds[name] == "kpi" for name in names):
                rows += [{"cols": names[at : at + 2]} for at in range(0, len(names), 2)]
            else:
                rows += names
        fitted |= {"rows": rows, "width": NARROW_WIDTH}
    return fitted


def _fit_chart(chart: Mapping[str, Any], narrow: bool) -> dict[str, Any]:  # noqa: FBT001 - of fit
    style = dict(chart.get("style", {}))
    if "columns" in style:
        style["columns"] = {
            name: _fit_column(column, narrow) for name, column in style["columns"].items()
        }
    if narrow and "aspect_ratio" in style:
        style["aspect_ratio"] = 1.1
    return dict(chart) | ({"style": style} if style else {})


def _fit_column(column: Mapping[str, Any], narrow: bool) -> dict[str, Any]:  # noqa: FBT001 - of fit
    kept = {key: value for key, value in column.items() if key != "wide_only"}
    return kept | {"visible": False} if narrow and column.get("wide_only") else kept


def write(charts: Path, target: Path, published: Path) -> list[Board]:
    """Write the boards of ``charts`` in each language and width to ``target``, for dbt-charts.

    Returns
    -------
    The boards, by language and in the order of ``ORDER``.
    """
    if not published.is_file():
        raise BoardError(f"There is no published file {published.absolute()}: run `make build`.")
    files = [file for file in charts.glob("*.yml") if file.name != _SETTINGS]
    if not files:
        raise BoardError(f"There are no boards in {charts.absolute()}.")
    shutil.rmtree(target, ignore_errors=True)
    if (charts / "templates").is_dir():
        shutil.copytree(charts / "templates", target / "templates")
    project = {
        "sources": {SOURCE: {"type": "duckdb", "path": str(published.absolute())}},
        "cache": False,
    }
    boards = []
    files.sort(key=lambda file: (ORDER.index(file.stem) if file.stem in ORDER else 99, file.stem))
    for language in LANGUAGES:
        folder = target / "charts" / language
        folder.mkdir(parents=True)
        if (charts / _SETTINGS).is_file():
            settings = yaml.safe_load((charts / _SETTINGS).read_text(encoding="utf-8"))
            _write_yaml(folder / _SETTINGS, translate(settings, language, {}))
        for file in files:
            source = yaml.safe_load(file.read_text(encoding="utf-8"))
            words = source.pop("words", {})
            try:
                board = {"source": SOURCE} | translate(source, language, words)
            except BoardError as error:
                raise BoardError(f"{file}: {error}") from error
            wide, narrow = folder / file.name, folder / f"{file.stem}{NARROW}.yml"
            for path in (wide, narrow):
                _write_yaml(path, fit(board, narrow=path == narrow))
            boards.append(Board(file.stem, language, board["title"], wide, narrow))
    _write_yaml(target / "dbt_charts.yml", project)
    return boards


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")


def render(boards: Sequence[Board], target: Path, output: Path, program: str) -> list[Path]:
    """Draw each board as one page that needs nothing else; returns the pages.

    Raises
    ------
    BoardError : dbt-charts could not draw a board, with what it says.
    """
    drawn = target / "drawn"

    def draw(language: str) -> None:
        here = [board for board in boards if board.language == language]
        paths = [path for board in here for path in (board.wide, board.narrow)]
        finished = subprocess.run(  # noqa: S603 - dbt-charts of this environment
            [
                *(program, "--no-send-anonymous-usage-stats", "render"),
                *(str(path.relative_to(target)) for path in paths),
                *("--format", "html", "--no-cache", "--no-warnings"),
                *("--output", str(drawn.absolute() / language / "{stem}.html")),
            ],
            cwd=target,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if finished.returncode:
            raise BoardError(f"dbt-charts could not draw the boards:\n{finished.stdout}")

    for language in LANGUAGES:
        (drawn / language).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=len(LANGUAGES)) as pool:
        list(pool.map(draw, LANGUAGES))
    pages = []
    for board in boards:
        wide, narrow = (
            (drawn / board.language / f"{path.stem}.html").read_text(encoding="utf-8")
            for path in (board.wide, board.narrow)
        )
        page = output / board.language / f"{board.name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(_one_page(wide, narrow, _links(board, boards)), encoding="utf-8")
        pages.append(page)
    return pages


_BOARD = re.compile(
    r'<div class="dbt-charts-svg-container dbt-charts-board" data-dbt-board>(.*?</svg>)\s*</div>',
    re.DOTALL,
)
_FONT_FACE = re.compile(r"@font-face\s*\{[^{}]*\}")
_ID = re.compile(r"""(\bid="|url\((?:&quot;|['"])?#|href="#)""")

_HERE = ' aria-current="page"'
_STYLE = f"""<style>
.boards {{ padding: 12px 16px; border-bottom: 1px solid #dfe1e5; }}
.boards a {{ display: inline-block; padding: 4px 10px; font: 14px system-ui, sans-serif; }}
.boards a {{ color: #1f4e8c; text-decoration: none; }}
.boards a[aria-current] {{ color: #222222; font-weight: 600; }}
.board-narrow {{ display: none; }}
@media (max-width: {_NARROW_UP_TO}px) {{
  .board-wide {{ display: none; }}
  .board-narrow {{ display: block; }}
}}
</style>"""


def _one_page(wide: str, narrow: str, links: str) -> str:
    """Put the narrow drawing beside the wide one: a page shows the one that fits its window."""
    found, other = _BOARD.search(wide), _BOARD.search(narrow)
    if not found or not other:
        raise BoardError("A page of dbt-charts has no board in it: was its version changed?")
    # Both bear the same ids; and fonts are large, the same, and needed once.
    second = _FONT_FACE.sub("", _ID.sub(r"\1narrow-", other[1]))
    both = "".join(
        f'<div class="dbt-charts-svg-container dbt-charts-board board-{name}" data-dbt-board>'
        f"{drawing}</div>"
        for name, drawing in (("wide", found[1]), ("narrow", second))
    )
    page = wide[: found.start()] + both + wide[found.end() :]
    return page.replace("</head>", f"{_STYLE}\n</head>", 1).replace(
        "<body>", f"<body>\n{links}\n", 1
    )


def _links(board: Board, boards: Sequence[Board]) -> str:
    """Lead to the other boards of the language, and to the same board in the others."""
    links = [
        f'<a href="{other.name}.html"{_HERE if other == board else ""}>{escape(other.title)}</a>'
        for other in boards
        if other.language == board.language
    ]
    links += [
        f'<a href="../{other.language}/{other.name}.html">{_LANGUAGE_NAMES[other.language]}</a>'
        for other in boards
        if other.name == board.name and other.language != board.language
    ]
    return f'<nav class="boards">{"".join(links)}</nav>'


def _environment() -> dict[str, str]:
    """Give dbt-charts an environment in which it finds its own project and reports to nobody."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DBT_", "DCT_", "PYTHONPATH"))
    }
    return kept | {"DO_NOT_TRACK": "1"}


def serve(boards: Sequence[Board], target: Path, published: Path, program: str, port: int) -> None:
    """Serve the boards to this machine until Ctrl-C, each publication as it comes.

    A server may keep the file open that it began with, so a new publication starts it anew.

    Raises
    ------
    BoardError : the port is taken, or the server did not start or ended by itself.
    """
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise BoardError(
                f"Port {port} of 127.0.0.1 cannot be used ({error.strerror}): another program may "
                "be serving there. Name another: make serve PORT=8001"
            ) from error
    # Beside the folder: what changes in it makes dbt-charts load every open page again.
    log = target.with_name(f"{target.name}.log")
    server = _start(target, program, port, log)
    try:
        _wait_until_up(server, port, log)
        print(f"Serving {published.absolute()}; Ctrl-C ends it.")
        for board in boards:
            print(f"  http://127.0.0.1:{port}/{board.language}/{board.name}/")
        sys.stdout.flush()
        served = _identity(published)
        while True:
            time.sleep(_LOOK_EVERY)
            if server.poll() is not None:
                raise BoardError(f"The server ended by itself:\n{_end_of(log)}")
            now = _identity(published)
            if now not in (None, served):
                _stop(server)
                server = _start(target, program, port, log)
                _wait_until_up(server, port, log)
                served = now
                print("A new publication is served.", flush=True)
    finally:
        _stop(server)


def _start(target: Path, program: str, port: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - dbt-charts of this environment
            [
                *(program, "--no-send-anonymous-usage-stats", "serve", "--no-cache"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            cwd=target,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this process alone, which ends the server in its own time.
            start_new_session=True,
        )


def _wait_until_up(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _SERVE_WAITS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.2)
    raise BoardError(f"The server did not start:\n{_end_of(log)}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        # The server has processes of its own, which end with their group.
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell one publication from the next: each is another file by the same name."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:  # noqa: PLR2004 - ports there are
        raise BoardError(f"{text!r} is no port: give a number from 1 to 65535.")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Render or serve the boards; 0, or 1 with a message where that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tierwise.boards")
    parser.add_argument("action", choices=["render", "serve"])
    parser.add_argument("--charts", type=Path, default=Path("charts"), help="the boards")
    parser.add_argument("--target", type=Path, help="where to write what dbt-charts reads")
    parser.add_argument("--output", type=Path, default=Path("dashboard"), help="for the pages")
    parser.add_argument("--program", default=str(Path(sys.executable).with_name("dct")))
    parser.add_argument("--port", default="8000", help="where `serve` listens")
    options = parser.parse_args(arguments)
    # A page may be drawn while others are served.
    target = (options.target or Path("target") / f"boards-{options.action}").absolute()
    try:
        published = plan_from(os.environ).path
        port = _port(options.port)
        boards = write(options.charts, target, published)
        if options.action == "render":
            for page in render(boards, target, options.output, options.program):
                print(page.absolute())
        else:
            signal.signal(signal.SIGTERM, _interrupt)
            serve(boards, target, published, options.program, port)
    except (BoardError, PublishError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nEnded.")
    return 0


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
