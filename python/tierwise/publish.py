"""Publish the last build: ``python -m tierwise.publish [--rollback]``.

Copies the public tables of a whole, tested build to a file of their own and puts it in the place of
the one that people read with one rename. Readers see all of one build or all of another.

``TIERWISE_PUBLISHED`` names the file that is read (default: ``published/tierwise.duckdb`` beside
``dbt_project.yml``), ``TIERWISE_PUBLISHED_KEPT`` how many publications are kept (default 5),
``TIERWISE_PUBLISHED_MODE`` its permissions in octal digits (default 600). Copies, where they are
named: ``TIERWISE_PUBLISHED_PARQUET``, a folder; ``TIERWISE_PUBLISHED_POSTGRES``, an address, with
``..._SCHEMA`` (default tierwise) and ``..._READERS``, roles with commas between them. The database
is the one that ``tierwise.summary`` reads.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from tierwise.lock import BUSY, BusyError, only_writer
from tierwise.publish_copies import CopyError, write_parquet, write_postgres
from tierwise.summary import SummaryError, database_path, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INFO_TABLE = "_publish_info"
# The oldest format that has all types in use; read by DuckDB 1.2 and later.
STORAGE_VERSION = "v1.2.0"
# What the new file is called while it is written; no database that is built has this name.
_NEW = "_new_publication"
_KEPT_NAME = re.compile(r"(\d{6,})-[0-9a-f-]+\.duckdb")

_STATE = """
    select build_id, build_state, failed_nodes, settings_hash, public_tables from _build
"""
_AS_OF = "select max(as_of_date) from util_as_of_dates"

_CURES = {
    "under_way": "it did not end: build again",
    "partial": "it did not build and test everything: call `make build`, or `dbt build` alone",
}


class PublishError(Exception):
    """Nothing was published; the message says why and what to do."""


@dataclass(frozen=True)
class Plan:
    """Where to publish, how many publications to keep, the permissions of the file, and copies.

    ``parquet`` is a folder, ``postgres`` an address as PostgreSQL's libpq reads it.
    """

    path: Path
    kept: int = 5
    mode: int = 0o600
    parquet: Path | None = None
    postgres: str | None = None
    postgres_schema: str = "tierwise"
    postgres_readers: tuple[str, ...] = ()

    @property
    def folder_of_kept(self) -> Path:
        """Return the folder that keeps the last publications."""
        return self.path.with_name(self.path.stem + "-kept")


@dataclass(frozen=True)
class Published:
    """What was published: the build, and per table its rows and the checksum over them."""

    path: Path
    build_id: str
    as_of_date: str
    tables: dict[str, tuple[int, str]]


def plan_from(environment: Mapping[str, str]) -> Plan:
    """Read the settings of publishing.

    Raises
    ------
    PublishError : a number is none, or out of range.
    """
    named = environment.get("TIERWISE_PUBLISHED")
    beside = Path(environment.get("DBT_PROJECT_DIR") or ".") / "published" / "tierwise.duckdb"
    kept, mode = (
        environment.get("TIERWISE_PUBLISHED_KEPT") or "5",
        environment.get("TIERWISE_PUBLISHED_MODE") or "600",
    )
    if not re.fullmatch(r"[1-9]\d{0,3}", kept):
        raise PublishError(f"TIERWISE_PUBLISHED_KEPT is {kept!r}: give a number from 1 to 9999.")
    if not re.fullmatch(r"[0-7]{3}", mode) or mode[0] not in "67":
        raise PublishError(
            f"TIERWISE_PUBLISHED_MODE is {mode!r}: give three octal digits, the first 6 or 7, "
            "such as 600 or 644."
        )
    parquet = environment.get("TIERWISE_PUBLISHED_PARQUET")
    schema = environment.get("TIERWISE_PUBLISHED_POSTGRES_SCHEMA") or "tierwise"
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,57}", schema):
        raise PublishError(
            f"TIERWISE_PUBLISHED_POSTGRES_SCHEMA is {schema!r}: give a name of lower-case letters, "
            "digits and underscores, of at most 58 characters."
        )
    readers = (environment.get("TIERWISE_PUBLISHED_POSTGRES_READERS") or "").split(",")
    return Plan(
        Path(named) if named else beside,
        int(kept),
        int(mode, 8),
        Path(parquet) if parquet else None,
        environment.get("TIERWISE_PUBLISHED_POSTGRES") or None,
        schema,
        tuple(role.strip() for role in readers if role.strip()),
    )


def publish(database: Path, schema: str, plan: Plan) -> Published:
    """Copy the public tables of the last build and put them in place.

    Raises
    ------
    PublishError : the last build was not whole, or the file cannot be written.
    SummaryError : there is no build to be read.
    """
    [[(build_id, state, failed, settings_hash, tables)], [(as_of_date,)]] = _facts(database, schema)
    if state != "whole":
        cure = f"these failed: {failed}" if state == "failed" else _CURES[state]
        raise PublishError(
            f"The last build of {database.absolute()} is not published, {cure}. Readers keep what "
            f"they have{'' if plan.path.exists() else ', which is nothing yet'}."
        )
    try:
        plan.path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(plan)
        _keep_current(plan)
        new = plan.path.with_name(f".{plan.path.name}.{build_id}.new")
        facts = (build_id, as_of_date, settings_hash)
        copied = _copy(database, schema, new, json.loads(tables), facts)
        new.chmod(plan.mode)
        _swap_in(new, plan.path)
        _keep_current(plan)
        _remove_oldest(plan)
    except (OSError, duckdb.IOException) as error:
        raise PublishError(
            f"{plan.path.absolute()} could not be written ({error}): see that the folder is there, "
            "may be written to and has room. Readers keep what they have."
        ) from error
    return Published(plan.path, build_id, str(as_of_date), copied)


def roll_back(plan: Plan) -> Path:
    """Put the publication before the current one in its place; returns which of the kept it was.

    Raises
    ------
    PublishError : there is none before it.
    """
    _remove_leftovers(plan)
    _keep_current(plan)
    kept = _kept(plan)
    current = next((number for number, file in enumerate(kept) if _is_same(file, plan.path)), None)
    if not current:
        raise PublishError(
            f"There is no publication before the current one in {plan.folder_of_kept.absolute()}: "
            f"the last {plan.kept} are kept."
        )
    earlier = kept[current - 1]
    new = plan.path.with_name(f".{plan.path.name}.rollback.new")
    _link(earlier, new)
    _swap_in(new, plan.path)
    return earlier


def _facts(database: Path, schema: str) -> list[list[tuple[Any, ...]]]:
    """Read what the last build said of itself."""
    return read_rows(database, schema, ["_build", "util_as_of_dates"], [_STATE, _AS_OF])


def _copy(
    database: Path, schema: str, new: Path, keys: Mapping[str, list[str]], facts: tuple[Any, ...]
) -> dict[str, tuple[int, str]]:
    """Write the tables and what is said about them to a new file, down to the disk."""
    copied: dict[str, tuple[int, str]] = {}
    before = os.umask(0o077)
    try:
        limit = os.environ.get("TIERWISE_MEMORY_LIMIT")
        with closing(duckdb.connect(config={"memory_limit": limit} if limit else {})) as connection:
            connection.execute("set enable_progress_bar = false")
            connection.execute(f"set temp_directory = '{_quoted(str(new) + '.spill')}'")
            # Under the name dbt knew it by: that is where views look for their tables.
            connection.execute(f"attach '{_quoted(str(database))}' (read_only)")
            [(build,)] = connection.execute(
                "select database_name from duckdb_databases() where path is not null"
            ).fetchall()
            connection.execute(
                f"attach '{_quoted(str(new))}' as {_NEW} (storage_version '{STORAGE_VERSION}')"
            )
            for table in keys:
                connection.execute(
                    f'create table {_NEW}."{table}" as from "{build}"."{schema}"."{table}"'
                )
                # Whatever the order of the rows, and with no more memory for more of them.
                [copied[table]] = connection.execute(
                    "select count(*), cast(coalesce(sum(md5_number_lower(content)), 0) as varchar) "  # noqa: S608 - names of models
                    "from (select cast(to_json(t) as varchar) as content "
                    f'from {_NEW}."{table}" as t)'
                ).fetchall()
            connection.execute(
                f"create table {_NEW}.{INFO_TABLE} (build_id varchar, as_of_date date, "
                "settings_hash varchar, table_name varchar, row_count bigint, checksum varchar, "
                "key_columns varchar[])"
            )
            connection.executemany(
                f"insert into {_NEW}.{INFO_TABLE} values (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a name from this file
                [[*facts, table, *row, keys[table]] for table, row in copied.items()],
            )
            connection.execute(f"checkpoint {_NEW}")
            connection.execute(f"detach {_NEW}")
    except duckdb.OutOfMemoryException as error:
        raise PublishError(
            f"Publishing does not fit into {f'MEMORY_LIMIT={limit}' if limit else 'memory'}: "
            "give it more (make publish MEMORY_LIMIT=12GB, or TIERWISE_MEMORY_LIMIT in the "
            f"environment). DuckDB said: {error}"
        ) from error
    finally:
        os.umask(before)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    return copied


def _swap_in(new: Path, path: Path) -> None:
    """Put a file in the place of another, for good: the one moment that readers can notice."""
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _kept(plan: Plan) -> list[Path]:
    """List the kept publications, the oldest first."""
    return sorted(
        file for file in plan.folder_of_kept.glob("*.duckdb") if _KEPT_NAME.fullmatch(file.name)
    )


def _keep_current(plan: Plan) -> None:
    """Put what is read now among the kept, unless it is there."""
    if not plan.path.exists() or any(_is_same(file, plan.path) for file in _kept(plan)):
        return
    plan.folder_of_kept.mkdir(mode=0o700, exist_ok=True)
    with closing(duckdb.connect(str(plan.path), read_only=True)) as connection:
        [(build_id,)] = connection.execute(
            f"select any_value(build_id) from {INFO_TABLE}"  # noqa: S608 - a name from this file
        ).fetchall()
    last = max((int(file.name.split("-")[0]) for file in _kept(plan)), default=0)
    _link(plan.path, plan.folder_of_kept / f"{last + 1:06}-{build_id}.duckdb")


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        copy = target.with_name(f".{target.name}.copy.new")
        shutil.copy2(source, copy)
        copy.replace(target)


def _is_same(one: Path, other: Path) -> bool:
    """Say whether two names lead to the same publication."""
    with suppress(FileNotFoundError):
        return one.samefile(other) or (
            one.stat().st_size == other.stat().st_size
            and one.stat().st_mtime_ns == other.stat().st_mtime_ns
        )
    return False


def _remove_leftovers(plan: Plan) -> None:
    """Remove what a publication left behind that was killed; the lock keeps out others."""
    of_this = plan.path.parent.glob(f".{plan.path.name}.*.new*")
    for file in (*of_this, *plan.folder_of_kept.glob(".*.new*")):
        shutil.rmtree(file) if file.is_dir() else file.unlink()


def _remove_oldest(plan: Plan) -> None:
    """Keep as many publications as the plan says."""
    for file in _kept(plan)[: -plan.kept]:
        file.unlink()


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def copy(plan: Plan) -> None:
    """Copy what is read now to wherever else the plan says, and say so.

    Raises
    ------
    CopyError : a copy could not be made; those before it were.
    """
    if plan.parquet:
        print(f"Parquet files: {write_parquet(plan.path, plan.parquet, plan.kept).absolute()}")
    if plan.postgres:
        write_postgres(plan.path, plan.postgres, plan.postgres_schema, plan.postgres_readers)
        print(f"PostgreSQL: schema {plan.postgres_schema}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish or roll back; 0, 1 with a message, or 75 where somebody else is writing."""
    parser = argparse.ArgumentParser(prog="python -m tierwise.publish")
    parser.add_argument("--rollback", action="store_true", help="go back to the one before")
    options = parser.parse_args(arguments)
    database = database_path(os.environ)
    try:
        plan = plan_from(os.environ)
        plan.path.parent.mkdir(parents=True, exist_ok=True)
        with only_writer(database), only_writer(plan.path):
            if options.rollback:
                print(f"Rolled back to {roll_back(plan).name}: {plan.path.absolute()}")
            else:
                done = publish(database, os.environ.get("TIERWISE_SCHEMA") or "main", plan)
                rows = sum(count for count, _ in done.tables.values())
                print(
                    f"Published {len(done.tables)} tables with {rows:,} rows as of "
                    f"{done.as_of_date}: {done.path.absolute()}"
                )
            copy(plan)
    except BusyError as error:
        print(error, file=sys.stderr)
        return BUSY
    except (PublishError, CopyError, SummaryError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
