"""Rules of the project that a reader of one file cannot see broken. None of them needs dbt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from harness import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_LINES = 150

_VAR_WITH_DEFAULT = re.compile(r"\bvar\s*\(\s*(['\"][^'\"]*['\"]|\w+)\s*,")
_TARGET = re.compile(r"\btarget\s*(\.\s*(type|name)|\[\s*['\"](type|name)['\"]\s*\])")
# Words that answer differently tomorrow, or on the next try.
_CLOCK_OR_CHANCE = re.compile(
    r"""\b( current_date | current_time | current_timestamp | current_localtime(stamp)?
      | localtime(stamp)? | transaction_timestamp | statement_timestamp | clock_timestamp
      | (now | today | getdate | sysdate | get_current_time(stamp)? | random | rand | setseed
        | uuid | uuidv4 | uuidv7 | gen_random_uuid | newid)\s*\( | tablesample | using\s+sample
      | run_started_at | invocation_id | dbt_utils\.current )""",
    re.VERBOSE | re.IGNORECASE,
)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
_LINE_COMMENT = re.compile(r"--[^\n]*")

# A table that is built anew begins another history, which must not be taken for the one before it:
# the id of the call says so. It tells nothing about a row and reaches no mart. And a publication
# says which build it is.
_MAY_NAME_THE_CALL = {"macros/loads/load_state.sql", "macros/publishing/write_build.sql"}

MODELS = sorted(path for suffix in ("*.sql", "*.py") for path in (PROJECT / "models").rglob(suffix))
MACROS = sorted((PROJECT / "macros").rglob("*.sql"))
TESTS = sorted((PROJECT / "tests").rglob("*.sql"))


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def code_of(path: Path) -> str:
    """Return the file without its comments, which may say any word."""
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    return _LINE_COMMENT.sub("", text) if path.suffix == ".sql" else text


def ymls() -> Iterator[tuple[Path, dict[str, object]]]:
    for path in sorted((PROJECT / "models").rglob("*.yml")):
        yield path, yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def test_there_is_something_to_check() -> None:
    assert len(MODELS) > 20
    assert len(MACROS) > 20


@pytest.mark.parametrize("path", [*MODELS, *MACROS, *TESTS], ids=name_of)
def test_no_setting_has_a_second_default(path: Path) -> None:
    assert not _VAR_WITH_DEFAULT.findall(code_of(path))


def test_only_the_macro_setting_reads_a_var() -> None:
    readers = [
        name_of(p) for p in [*MODELS, *MACROS, *TESTS] if re.search(r"\bvar\s*\(", code_of(p))
    ]
    assert readers == ["macros/config/setting.sql"]


@pytest.mark.parametrize("path", MODELS, ids=name_of)
def test_a_model_does_not_ask_where_it_runs(path: Path) -> None:
    assert not _TARGET.search(code_of(path))


@pytest.mark.parametrize("path", [*MODELS, *MACROS, *TESTS], ids=name_of)
def test_no_clock_and_no_chance(path: Path) -> None:
    found = {match.group().lower() for match in _CLOCK_OR_CHANCE.finditer(code_of(path))}
    assert found == ({"invocation_id"} if name_of(path) in _MAY_NAME_THE_CALL else set())


@pytest.mark.parametrize("path", MODELS, ids=name_of)
def test_a_model_fits_on_a_few_screens(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", MODELS, ids=name_of)
def test_one_yml_beside_each_model_describes_only_it(path: Path) -> None:
    beside = path.with_suffix(".yml")
    assert beside.is_file(), f"{name_of(beside)} is missing"
    content = yaml.safe_load(beside.read_text(encoding="utf-8"))
    assert [model["name"] for model in content["models"]] == [path.stem]


def test_no_yml_describes_a_model_that_is_not_beside_it() -> None:
    for path, content in ymls():
        for model in content.get("models") or []:
            assert model["name"] == path.stem, name_of(path)
            assert path.with_suffix(".sql").exists() or path.with_suffix(".py").exists()


def test_exposures_of_all_public_tables_name_all_of_them() -> None:
    # But for the time spine, which a project that installs this one does not have.
    marts = {f"ref('{path.stem}')" for path in MODELS if name_of(path).startswith("models/marts/")}
    exposures = yaml.safe_load((PROJECT / "models/_exposures.yml").read_text(encoding="utf-8"))
    named = {exposure["name"]: exposure["depends_on"] for exposure in exposures["exposures"]}
    for name in (
        "documentation_pages",
        "published_file",
        "parquet_files",
        "postgres_schema",
        "tier_changes",
    ):
        assert set(named[name]) == marts, name
        assert len(named[name]) == len(marts), name


@pytest.mark.parametrize("path", MACROS, ids=name_of)
def test_a_macro_file_is_named_after_its_macro(path: Path) -> None:
    names = re.findall(r"\{%-?\s*macro\s+(\w+)", path.read_text(encoding="utf-8"))
    assert {name.rsplit("__", 1)[-1] for name in names} == {path.stem}


def test_settings_and_their_contract_name_the_same_settings() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    contract = (PROJECT / "macros/config/settings_contract.sql").read_text(encoding="utf-8")
    known = re.findall(r"^        '(\w+)': ", contract, re.MULTILINE)
    assert sorted(known) == sorted(project["vars"])


def test_every_setting_has_a_comment_above_it() -> None:
    lines = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8").splitlines()
    start = lines.index("vars:")
    previous = ""
    for line in lines[start + 1 :]:
        if re.match(r"\S", line) and not line.startswith("#"):
            break
        if re.match(r"  \w+:", line):
            # Settings of one kind stand together under one comment.
            assert previous.startswith("  #") or re.match(r"  \w+:", previous), line
        previous = line


@pytest.mark.parametrize(
    ("pattern", "broken"),
    [
        (_VAR_WITH_DEFAULT, "where days > {{ var('rfm_window_days', 365) }}"),
        (_TARGET, "{% if target.type == 'duckdb' %}"),
        (_TARGET, "{{ target['name'] }}"),
        (_CLOCK_OR_CHANCE, "select current_date - order_date"),
        (_CLOCK_OR_CHANCE, "select now() as loaded_at"),
        (_CLOCK_OR_CHANCE, "order by random()"),
        (_CLOCK_OR_CHANCE, "from orders tablesample 10%"),
        (_CLOCK_OR_CHANCE, "'{{ run_started_at }}' as built_at"),
    ],
)
def test_the_rules_can_be_broken(pattern: re.Pattern[str], broken: str) -> None:
    assert pattern.search(broken)
