from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tierwise.boards import (
    LANGUAGES,
    NARROW_WIDTH,
    ORDER,
    Board,
    BoardError,
    _links,
    _one_page,
    fit,
    main,
    translate,
    write,
)

PROJECT = Path(__file__).parents[2]
CHARTS = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))
    for file in sorted((PROJECT / "charts").glob("*.yml"))
    if file.name != "meta.yml"
}


def test_texts_words_and_labels_are_in_the_language() -> None:
    board = {
        "title": {"en": "Tiers", "zh": "层级"},
        "queries": {"q": "select '$gone' as a, tier_label_$lang from t where {{ x }} = 1"},
        "height": 180,
    }
    words = {"gone": {"en": "gone", "zh": "流失"}}
    assert translate(board, "zh", words) == {
        "title": "层级",
        "queries": {"q": "select '流失' as a, tier_label_zh from t where {{ x }} = 1"},
        "height": 180,
    }


def test_what_is_not_translated_is_refused() -> None:
    with pytest.raises(BoardError, match="has no text in 'zh'"):
        translate({"title": {"en": "Tiers"}}, "zh", {})
    with pytest.raises(BoardError, match=r"\$gone is not among the words"):
        translate({"queries": {"q": "select '$gone'"}}, "en", {})
    with pytest.raises(BoardError, match=r"\$gone is not among the words of the board in 'zh'"):
        translate("$gone", "zh", {"gone": {"en": "gone"}})


def test_a_narrow_board_has_nothing_side_by_side_but_figures_in_pairs() -> None:
    table = {"type": "table", "style": {"columns": {"a": {"label": "A"}, "b": {"wide_only": True}}}}
    board = {
        "charts": {
            **{name: {"type": "kpi"} for name in ("one", "two", "three")},
            "table": table,
            "flows": {"type": "custom", "style": {"aspect_ratio": 2.2}},
        },
        "rows": [{"cols": ["one", "two", "three"]}, {"cols": ["table", "flows"]}, "flows"],
    }
    wide, narrow = fit(board, narrow=False), fit(board, narrow=True)
    assert wide["rows"] == board["rows"]
    assert wide["charts"]["table"]["style"]["columns"] == {"a": {"label": "A"}, "b": {}}
    assert wide["charts"]["flows"] == board["charts"]["flows"]
    assert narrow["rows"] == [
        {"cols": ["one", "two"]},
        {"cols": ["three"]},
        "table",
        "flows",
        "flows",
    ]
    assert narrow["charts"]["table"]["style"]["columns"]["b"] == {"visible": False}
    assert narrow["charts"]["flows"]["style"]["aspect_ratio"] < 2
    assert narrow["width"] == NARROW_WIDTH
    # The source is left as it was, to be fitted again.
    assert table["style"]["columns"]["b"] == {"wide_only": True}


def page_of(drawing: str) -> str:
    return (
        '<html><head></head>\n<body>\n<div class="dbt-charts-svg-container dbt-charts-board" '
        f"data-dbt-board>{drawing}</div>\n<script>both()</script></body></html>"
    )


def test_one_page_holds_both_drawings_and_their_ids_differ() -> None:
    font = "<style>@font-face { font-family: A; src: url(data:font/woff2;base64,AAAA) }</style>"
    inner = '<clipPath id="c1"/><g id="chart-a" clip-path="url(#c1)"><svg></svg></g>'
    drawing = f"<svg>{font}{inner}</svg>"
    page = _one_page(page_of(drawing), page_of(drawing), "<nav>links</nav>")
    assert page.count("@font-face") == 1
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert ids == ["c1", "chart-a", "narrow-c1", "narrow-chart-a"]
    assert 'clip-path="url(#narrow-c1)"' in page
    assert 'clip-path="url(#c1)"' in page
    assert page.index("<nav>") < page.index('board-wide"') < page.index('board-narrow"')
    assert page.index('board-narrow"') < page.index("both()")
    with pytest.raises(BoardError, match="was its version changed"):
        _one_page("<html></html>", page_of(drawing), "")


def test_links_lead_to_the_other_boards_and_languages() -> None:
    boards = [
        Board(name, language, title, Path(), Path())
        for language in LANGUAGES
        for name, title in (("a", "A & B"), ("c", "C"))
    ]
    assert _links(boards[0], boards) == (
        '<nav class="boards"><a href="a.html" aria-current="page">A &amp; B</a>'
        '<a href="c.html">C</a><a href="../zh/a.html">中文</a></nav>'
    )


def test_boards_are_written_in_each_language_and_width(tmp_path: Path) -> None:
    (tmp_path / "tiers.duckdb").touch()
    boards = write(PROJECT / "charts", tmp_path / "target", tmp_path / "tiers.duckdb")
    assert [(board.language, board.name) for board in boards] == [
        (language, name) for language in LANGUAGES for name in ORDER
    ]
    for board in boards:
        for path in (board.wide, board.narrow):
            text = path.read_text(encoding="utf-8")
            assert "$" not in text
            assert "wide_only" not in text
    project = yaml.safe_load((tmp_path / "target" / "dbt_charts.yml").read_text(encoding="utf-8"))
    assert project["sources"]["published"]["path"] == str(tmp_path / "tiers.duckdb")


def test_what_is_missing_or_wrong_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERWISE_PUBLISHED", str(tmp_path / "none.duckdb"))
    assert main(["render"]) == 1
    assert "none.duckdb: run `make build`" in capsys.readouterr().err
    assert main(["serve", "--port", "http"]) == 1
    assert "'http' is no port: give a number from 1 to 65535." in capsys.readouterr().err
    (tmp_path / "none.duckdb").touch()
    assert main(["render", "--charts", str(tmp_path)]) == 1
    assert f"There are no boards in {tmp_path}." in capsys.readouterr().err


def sql_of(board: dict[str, Any]) -> str:
    return "\n".join(board["queries"].values())


def test_the_boards_are_those_that_are_named() -> None:
    assert set(CHARTS) == set(ORDER)


@pytest.mark.parametrize("board", ORDER)
def test_an_exposure_names_the_tables_of_each_board(board: str) -> None:
    text = (PROJECT / "models" / "_exposures.yml").read_text(encoding="utf-8")
    exposures = {each["name"]: each for each in yaml.safe_load(text)["exposures"]}
    named = {
        re.fullmatch(r"ref\('(\w+)'\)", ref)[1]  # type: ignore[index]
        for ref in exposures[f"dashboard_{board}"]["depends_on"]
    }
    assert (
        set(re.findall(r"\b(?:from|join)\s+((?:dim|fct|rpt)_\w+)", sql_of(CHARTS[board]))) == named
    )


@pytest.mark.parametrize("board", ORDER)
def test_boards_select_and_add_up_and_leave_mathematics_to_the_models(board: str) -> None:
    """Another tool could replace this one: what has a definition has it in a model."""
    sql = re.sub(r"'[^']*'|\{\{.*?\}\}", "", sql_of(CHARTS[board]).lower())
    sql = re.sub(r"count\(\*\)|select \*", "", sql)
    assert not re.findall(r"[*/%+]|(?<!-)-(?!-)", sql)
    assert not re.findall(
        r"\b(?:over|avg|median|quantile\w*|stddev\w*|ln|exp|pow\w*|sqrt|round|corr)\s*\(", sql
    )


@pytest.mark.parametrize("board", ORDER)
def test_lines_of_sql_are_short(board: str) -> None:
    assert [line for line in sql_of(CHARTS[board]).splitlines() if len(line) > 100] == []
