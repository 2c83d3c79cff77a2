"""Runs the real dbt on the real project, each build in a folder and a database of its own."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PROJECT = Path(__file__).resolve().parents[1]
# `make test` puts them there: with one of the folders on PYTHONPATH, Python has DuckDB 1.2 or 2.0.
DUCKDB_1 = PROJECT / ".cache" / "duckdb1"
DUCKDB_2 = Path(os.environ.get("TIERWISE_DUCKDB_2") or PROJECT / ".cache" / "duckdb2")
DBT = Path(sys.executable).parent / "dbt"

# What a build is made of; the rest of the folder belongs to the people who work in it.
PROJECT_PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "python", "seeds", "tests")

# dbt keeps the name of the database in what it parsed, so all have one name.
DATABASE = "tiers.duckdb"

# What `make build` does: unit tests are about the code and not about the tables.
BUILD = ("build", "--exclude-resource-type", "unit_test")
ONLY_TABLES = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")


@dataclass(frozen=True)
class Build:
    """What one call of dbt left behind."""

    database: Path
    returncode: int
    output: str

    def succeeded(self) -> Build:
        assert self.returncode == 0, self.output
        return self

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(sql, parameters).fetchall()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            answer = connection.execute(sql, parameters)
            names = [column[0] for column in answer.description]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def by(self, key: str, table: str, where: str = "true") -> dict[str, dict[str, Any]]:
        """Return the rows of a table by a column that is unique in it, or in the rows meant."""
        rows = self.rows(f'select * from "{table}" where {where}')  # noqa: S608 - from this folder
        found = {row[key]: row for row in rows}
        assert len(found) == len(rows), f"{key} is not unique in {table}"
        return found

    def relations(self) -> set[str]:
        return relations_in(self.database)


def relations_in(database: Path) -> set[str]:
    """Return the tables and views of a database; none where it was never made."""
    if not database.exists():
        return set()
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute("select table_name from information_schema.tables").fetchall()
    return {row[0] for row in rows}


def dbt_environment(settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the caller's environment without what would lead dbt somewhere else."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TIERWISE_", "DBT_")) and name not in ("PYTHONPATH", "PYTHONHOME")
    }
    return kept | {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        **(settings or {}),
    }


def _arguments(
    folder: Path,
    arguments: Sequence[str],
    settings: Mapping[str, object] | str | None,
    project: Path,
    profiles: Path,
) -> list[str]:
    command = [
        *("--no-use-colors", *arguments),
        *("--project-dir", str(project), "--profiles-dir", str(profiles)),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
    ]
    if settings is not None:
        text = settings if isinstance(settings, str) else json.dumps(settings, ensure_ascii=False)
        command += ["--vars", text]
    return command


def _environment(folder: Path, environment: Mapping[str, str] | None) -> dict[str, str]:
    database = {"TIERWISE_DATABASE": str(folder / DATABASE), "TIERWISE_THREADS": "2"}
    return database | dict(environment or {})


def _call(
    folder: Path, command: Sequence[str | Path], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    folder.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        command,
        cwd=folder,
        env=dbt_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )


def run_dbt(
    folder: Path,
    *arguments: str,
    settings: Mapping[str, object] | str | None = None,
    environment: Mapping[str, str] | None = None,
    project: Path = PROJECT,
    profiles: Path | None = None,
) -> Build:
    """Call dbt from ``folder``, which takes everything it writes.

    ``settings`` go to ``--vars``, as they are if they are text. Paths in ``environment`` and in the
    settings should be absolute or relative to ``folder``.
    """
    call = _arguments(folder, arguments, settings, project, profiles or project)
    variables = _environment(folder, environment)
    finished = _call(folder, [DBT, *call], variables)
    return Build(Path(variables["TIERWISE_DATABASE"]), finished.returncode, finished.stdout)


def build_tables(folder: Path, **options: Any) -> Build:  # noqa: ANN401 - those of run_dbt
    """Build everything, without the tests that dbt runs itself, in a fresh call of dbt.

    Needed where settings decide what is parsed: inputs by ``model``, the method natural_breaks,
    another project.
    """
    return run_dbt(folder, "build", *ONLY_TABLES, **options)


def build_tables_quickly(
    folder: Path,
    *,
    settings: Mapping[str, object] | str | None = None,
    environment: Mapping[str, str] | None = None,
    profiles: Path = PROJECT,
) -> Build:
    """Do the same with what was parsed once: parsing takes longer than building a small shop."""
    call = _arguments(folder, ("build", *ONLY_TABLES), settings, PROJECT, profiles)
    variables = _environment(folder, environment)
    [result] = _run_parsed(folder, [{"arguments": call, "environment": variables}])
    return Build(
        Path(variables["TIERWISE_DATABASE"]), 0 if result["success"] else 1, result["output"]
    )


_PARSE_FOLDER = tempfile.TemporaryDirectory(prefix="tierwise-parsed-")
_PARSE_LOCK = threading.Lock()


def _parsed_project() -> Path:
    """Parse the project once a session, as dbt does and where it keeps it."""
    folder = Path(_PARSE_FOLDER.name)
    manifest = folder / "target" / "partial_parse.msgpack"
    with _PARSE_LOCK:
        if not manifest.exists():
            run_dbt(folder, "parse").succeeded()
    return manifest


def _run_parsed(folder: Path, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    folder.mkdir(parents=True, exist_ok=True)
    job, results = folder / "job.json", folder / "results.json"
    job.write_text(
        json.dumps(
            {
                "manifest": str(_parsed_project()),
                "cases": [{"folder": str(folder)} | case for case in cases],
            }
        ),
        encoding="utf-8",
    )
    script = Path(__file__).with_name("many_runs.py")
    # All are run by one process, so the first case says what is on the path of Python.
    finished = _call(folder, [sys.executable, script, job, results], cases[0]["environment"])
    assert finished.returncode == 0, finished.stdout
    return json.loads(results.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Case:
    """One call of dbt among many; ``settings`` is YAML text."""

    settings: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ("run",)


@dataclass(frozen=True)
class Outcome:
    """What came of it: ``tables`` are those that stood in its database, which began empty."""

    success: bool
    output: str
    tables: set[str]
    files: list[str]


def run_many(folder: Path, cases: Mapping[str, Case]) -> dict[str, Outcome]:
    """Call dbt for each case, in one process and with what was parsed once."""
    places = {name: folder / str(number) for number, name in enumerate(cases)}
    jobs = []
    for name, case in cases.items():
        places[name].mkdir(parents=True)
        arguments = ("--no-write-json", "--log-level-file", "none", *case.arguments)
        jobs.append(
            {
                "folder": str(places[name]),
                "environment": _environment(places[name], case.environment),
                "arguments": _arguments(folder, arguments, case.settings, PROJECT, PROJECT),
            }
        )
    results = _run_parsed(folder, jobs)
    return {
        name: Outcome(
            tables=relations_in(places[name] / DATABASE),
            files=sorted(path.name for path in places[name].iterdir()),
            **result,
        )
        for name, result in zip(cases, results, strict=True)
    }


def copy_project(folder: Path) -> Path:
    """Copy what a build is made of, to be changed at will."""
    for part in PROJECT_PARTS:
        source = PROJECT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / part)
    return folder


def package_path(package: str, inner: str) -> Path:
    """Find a data file of an installed package without importing it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"{package} is not installed"
    assert spec.submodule_search_locations, f"{package} is not a package"
    path = Path(next(iter(spec.submodule_search_locations))) / inner
    assert path.is_file(), f"{path} is missing"
    return path


def write_csv(path: Path, header: str, lines: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


# Reads with the DuckDB that wrote the file: 1.5 cannot open what 2.0 writes.
_CHECKSUMS = """
import hashlib, json, pathlib, sys, duckdb
database, wanted, left_out, folder, answer = sys.argv[1:]
connection = duckdb.connect(database, read_only=True)
connection.execute("set enable_progress_bar = false")
tables = connection.execute(
    "select table_name, list(column_name order by ordinal_position) "
    "from information_schema.columns where table_schema = 'main' group by 1 order by 1"
).fetchall()
found = {}
for table, columns in tables:
    if table.startswith(tuple(wanted.split(","))):
        file = pathlib.Path(folder) / (table + ".csv")
        names = ", ".join(f'"{name}"' for name in columns if name not in left_out.split(","))
        connection.execute(
            f"copy (select {names} from main.{table} order by all) to '{file}' "
            "(format csv, header, force_quote *, nullstr '')"
        )
        found[table] = hashlib.sha256(file.read_bytes()).hexdigest()
        file.unlink()
report = {"duckdb": duckdb.__version__, "checksums": found}
pathlib.Path(answer).write_text(json.dumps(report))
"""


# Begins with the call that built a table anew, and is the only thing in the tables that does.
HISTORY = ("history_id",)


def table_checksums(
    build: Build,
    prefixes: Sequence[str],
    *,
    without: Sequence[str] = HISTORY,
    python_path: Path | None = None,
) -> dict[str, str]:
    """Hash each table: its rows in the order of all columns, every value as text.

    ``without`` names columns to leave out of every table.
    """
    folder = build.database.parent / "checksums"
    folder.mkdir(exist_ok=True)
    environment = dbt_environment({"PYTHONPATH": str(python_path)} if python_path else None)
    report = folder / "report.json"
    names = (",".join(prefixes), ",".join(without))
    arguments = [str(build.database), *names, str(folder), str(report)]
    finished = subprocess.run(
        [sys.executable, "-c", _CHECKSUMS, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(report.read_text(encoding="utf-8"))
    expected = "2." if python_path else duckdb.__version__
    assert answer["duckdb"].startswith(expected), f"read with DuckDB {answer['duckdb']}"
    return answer["checksums"]


def file_checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
