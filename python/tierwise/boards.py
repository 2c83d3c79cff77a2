"""Dashboard boards in two languages from one source: ``python -m tierwise.boards render``.

A board in ``charts/`` is a board of dbt-charts in which a text may be ``{en: ..., zh: ...}``,
``$lang`` is the language, and ``$word`` a word of the mapping ``words`` at its top. ``write`` puts
both languages where dbt-charts finds them, ``render`` makes one HTML page of each that needs
nothing else, and ``serve`` serves them with filters that work. They read the published file.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tierwise.publish import PublishError, plan_from

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LANGUAGES = ("en", "zh")
SOURCE = "published"
_WORD = re.compile(r"\$([a-z_]+)")


class BoardError(Exception):
    """A board cannot be written; the message says which, why and what to do."""


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


def write(charts: Path, target: Path, published: Path) -> list[Path]:
    """Write the boards of ``charts`` in each language to ``target``, a project of dbt-charts.

    Returns
    -------
    Paths of the boards: ``charts/<language>/<board>.yml`` in ``target``.
    """
    if not published.is_file():
        raise BoardError(f"There is no published file {published.absolute()}: run `make build`.")
    shutil.rmtree(target, ignore_errors=True)
    (target / "charts").mkdir(parents=True)
    if (charts / "templates").is_dir():
        shutil.copytree(charts / "templates", target / "templates")
    project = {
        "flags": {"send_anonymous_usage_stats": False},
        "sources": {SOURCE: {"type": "duckdb", "path": str(published.absolute())}},
        "cache": False,
    }
    (target / "dbt_charts.yml").write_text(yaml.safe_dump(project), encoding="utf-8")
    boards = []
    for file in sorted(charts.glob("*.yml")):
        source = yaml.safe_load(file.read_text(encoding="utf-8"))
        words = source.pop("words", {})
        for language in LANGUAGES:
            try:
                board = {"source": SOURCE} | translate(source, language, words)
            except BoardError as error:
                raise BoardError(f"{file}: {error}") from error
            path = target / "charts" / language / file.name
            path.parent.mkdir(exist_ok=True)
            path.write_text(
                yaml.safe_dump(board, allow_unicode=True, sort_keys=False), encoding="utf-8"
            )
            boards.append(path)
    return boards


def _call(program: str, target: Path, *arguments: str) -> int:
    """Call dbt-charts, which finds its own project and reports to nobody."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DBT_", "DCT_", "PYTHONPATH"))
    }
    return subprocess.run(  # noqa: S603 - dbt-charts of this environment
        [program, "--no-send-anonymous-usage-stats", *arguments],
        cwd=target,
        env=kept | {"DO_NOT_TRACK": "1"},
        check=False,
    ).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, render or serve the boards; 0, or 1 with a message where that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tierwise.boards")
    parser.add_argument("action", choices=["write", "render", "serve"])
    parser.add_argument("--charts", type=Path, default=Path("charts"))
    parser.add_argument("--target", type=Path, default=Path("target/boards"))
    parser.add_argument("--output", type=Path, default=Path("dashboard"))
    parser.add_argument("--program", default=str(Path(sys.executable).with_name("dct")))
    parser.add_argument("--port", default="8000", help="where `serve` listens")
    options = parser.parse_args(arguments)
    try:
        boards = write(options.charts, options.target, plan_from(os.environ).path)
    except (BoardError, PublishError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.action == "render":
        output = options.output.absolute()
        for language in LANGUAGES:
            (output / language).mkdir(parents=True, exist_ok=True)
            here = [path for path in boards if path.parent.name == language]
            paths = [str(path.relative_to(options.target)) for path in here]
            code = _call(
                options.program,
                options.target,
                *("render", *paths, "--format", "html", "--no-cache", "--no-warnings"),
                *("--output", str(output / language / "{stem}.html")),
            )
            if code:
                return code
        return 0
    if options.action == "serve":
        return _call(options.program, options.target, "serve", "--port", options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
