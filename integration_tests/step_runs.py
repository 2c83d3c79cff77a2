"""Runs dbt many times in one process while the files and seeds between the runs change.

``python step_runs.py JOB RESULTS`` reads and writes JSON, like ``many_runs.py``, whose cases it
takes; a step may first write, copy and remove files, and may report afterwards what the tables
hold.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from harness import DATABASE, ONLY_TABLES, copy_project, dbt_environment, run_dbt

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a load leaves on each row about itself is another history for another way to the same rows.
ABOUT_LOADS = ("load_number", "seen_loads", "history_id")
COMPARED = ("dim_", "fct_", "rpt_", "int_", "util_")


@dataclass(frozen=True)
class Step:
    """Change files in ``folder``, then call dbt there, then say what is in the database."""

    folder: Path
    arguments: Sequence[str] | None = ("build", *ONLY_TABLES)
    settings: dict[str, Any] = field(default_factory=dict)
    copies: Sequence[tuple[Path, Path]] = ()
    removals: Sequence[Path] = ()
    writes: dict[Path, str] = field(default_factory=dict)
    is_reported: bool = False


@dataclass(frozen=True)
class Report:
    """Whether dbt ended well, and per table a hash of its rows and the loads it was made in."""

    success: bool
    output: str
    contents: dict[str, str]
    loads: dict[str, tuple[int, int]]


class ParsedProject:
    """A copy of the project, parsed once, whose seeds may be replaced."""

    def __init__(self, folder: Path, seeds: dict[str, str]) -> None:
        self.project = copy_project(folder / "project")
        for name, content in seeds.items():
            self.seed_path(name).write_text(content, encoding="utf-8")
        run_dbt(folder, "parse", project=self.project).succeeded()
        self.manifest = folder / "target" / "partial_parse.msgpack"

    def seed_path(self, name: str) -> Path:
        return self.project / "seeds" / "policy" / f"{name}.csv"

    def case(self, step: Step, *options: str) -> dict[str, Any]:
        """Return what ``many_runs`` needs to call dbt for a step."""
        if step.arguments is None:
            return {}
        return {
            "folder": str(step.folder),
            "environment": {
                "TIERWISE_DATABASE": str(step.folder / DATABASE),
                "TIERWISE_THREADS": "1",
            },
            "arguments": [
                *("--no-use-colors", "--no-write-json", *options, *step.arguments),
                *("--project-dir", str(self.project), "--profiles-dir", str(self.project)),
                *("--target-path", str(step.folder / "target")),
                *("--log-path", str(step.folder / "logs")),
                *("--vars", json.dumps(step.settings)),
            ],
        }

    def _command(self, folder: Path, steps: Sequence[Step], *options: str) -> list[str | Path]:
        folder.mkdir(parents=True, exist_ok=True)
        job, results = folder / "job.json", folder / "results.json"
        described = [
            {
                "case": self.case(step, *options),
                "folder": str(step.folder),
                "copies": [[str(source), str(target)] for source, target in step.copies],
                "removals": [str(path) for path in step.removals],
                "writes": {str(path): text for path, text in step.writes.items()},
                "is_reported": step.is_reported,
            }
            for step in steps
        ]
        job.write_text(json.dumps({"manifest": str(self.manifest), "steps": described}))
        return [sys.executable, Path(__file__), job, results]

    def run(self, folder: Path, steps: Sequence[Step]) -> list[Report]:
        """Take the steps in one fresh process, up to one that fails; report in their order."""
        finished = subprocess.run(
            self._command(folder, steps, "--log-level-file", "none"),
            cwd=folder,
            env=dbt_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert finished.returncode == 0, finished.stdout
        return self.reports(folder)

    def reports(self, folder: Path) -> list[Report]:
        """Read what steps left behind that were taken in ``folder``."""
        found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        return [
            Report(**{**one, "loads": {name: tuple(load) for name, load in one["loads"].items()}})
            for one in found
        ]

    def start(self, step: Step) -> subprocess.Popen[bytes]:
        """Take a step in a process that leads a group of its own and writes dbt's log."""
        return subprocess.Popen(
            self._command(step.folder, [step]),
            cwd=step.folder,
            env=dbt_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _relations(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Return the columns of the tables and views that are compared, without those about loads."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'main' order by table_name, ordinal_position"
    ).fetchall():
        if table.startswith(COMPARED):
            found.setdefault(table, [])
            if column not in ABOUT_LOADS:
                found[table].append(f'"{column}"')
    return found


def contents_of(database: Path) -> dict[str, str]:
    """Hash the rows of each compared table, whatever their order."""
    hashes = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table, columns in _relations(connection).items():
            rows = connection.execute(
                f'select {", ".join(columns)} from "{table}"'  # noqa: S608 - names from the catalog
            ).fetchall()
            hashes[table] = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    return hashes


def loads_of(database: Path) -> dict[str, tuple[int, int]]:
    """Return the newest load of each table that is loaded bit by bit, and how many histories."""
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = connection.execute(
            "select table_name from duckdb_columns() where column_name = 'load_number' "
            "and starts_with(table_name, 'int_') and table_name in (from duckdb_tables() "
            "select table_name) order by 1"
        ).fetchall()
        answers = {
            table: connection.execute(
                f"select coalesce(max(load_number), 0), count(distinct history_id) from {table}"  # noqa: S608 - names from the catalog
            ).fetchone()
            for (table,) in tables
        }
    return {table: answer for table, answer in answers.items() if answer is not None}


def differing_rows(found: Path, expected: Path) -> dict[str, int]:
    """Count per table the rows that only one of two databases has, to be read after a failure."""
    counts = {}
    with (
        duckdb.connect(str(found), read_only=True) as one,
        duckdb.connect(str(expected), read_only=True) as other,
    ):
        for table, columns in _relations(other).items():
            query = f'select {", ".join(columns)} from "{table}"'  # noqa: S608 - from the catalog
            here = Counter(repr(row) for row in one.execute(query).fetchall())
            there = Counter(repr(row) for row in other.execute(query).fetchall())
            only_one = (here - there) + (there - here)
            if only_one:
                counts[table] = only_one.total()
    return counts


def take(manifest: Any, step: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - of dbt
    from many_runs import call  # noqa: PLC0415 - imports dbt, which only this process needs

    folder = Path(step["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    for source, target in step["copies"]:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    for path in step["removals"]:
        Path(path).unlink()
    for path, text in step["writes"].items():
        Path(path).write_text(text, encoding="utf-8")
    result = {"success": True, "output": ""}
    if step["case"]:
        result = call(manifest, step["case"])
    is_told = step["is_reported"] and result["success"]
    return {
        **result,
        "contents": contents_of(folder / DATABASE) if is_told else {},
        "loads": loads_of(folder / DATABASE) if is_told else {},
    }


def main() -> None:
    from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415 - see take

    job_path, results_path = map(Path, sys.argv[1:])
    job = json.loads(job_path.read_text(encoding="utf-8"))
    manifest = Manifest.from_msgpack(Path(job["manifest"]).read_bytes())
    # Parsing would have done it; the macros ask `graph` what the models are.
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    results = []
    for step in job["steps"]:
        results.append(take(manifest, step))
        if not results[-1]["success"]:
            break
    results_path.write_text(json.dumps(results), encoding="utf-8")


if __name__ == "__main__":
    main()
