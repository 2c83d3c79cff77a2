"""Copies of a publication for tools that do not read DuckDB: Parquet files, and PostgreSQL.

Both are swapped in whole, as the published file is: readers see all of one build or all of another.
"""

from __future__ import annotations

import re
import shutil
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from psycopg import Connection

CURRENT = "current"
_BATCH = 10_000
# What PostgreSQL calls the types of the public tables; others are written as text.
_POSTGRES_TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "INTEGER": "integer",
    "TIMESTAMP": "timestamp",
    "VARCHAR": "text",
    "VARCHAR[]": "text[]",
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
# Waiting for somebody who changes the schema longer than this is an error, not a queue of readers.
_LOCK_SECONDS = 30


class CopyError(Exception):
    """The copy was not made; the message says why and what to do."""


def write_parquet(published: Path, folder: Path, kept: int) -> Path:
    """Write a Parquet file for each table, and let ``current`` lead to them.

    ``folder/current`` is a symbolic link to the folder of one build, replaced by one rename. The
    folders of the last ``kept`` builds stay, for readers who have opened one.

    Raises
    ------
    CopyError : the folder cannot be written to.
    """
    with closing(duckdb.connect(str(published), read_only=True)) as connection:
        tables = _tables(connection)
        [(build_id,)] = connection.execute("select min(build_id) from _publish_info").fetchall()
        target, new = folder / str(build_id), folder / f".{build_id}.new"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for leftover in folder.glob(".*.new"):
                _remove(leftover)
            new.mkdir(mode=0o700)
            for table in tables:
                quoted = str(new / f"{table}.parquet").replace("'", "''")
                connection.execute(f"copy \"{table}\" to '{quoted}' (format parquet)")
            if target.exists():
                shutil.rmtree(target)
            new.replace(target)
            link = folder / f".{CURRENT}.new"
            link.symlink_to(target.name)
            link.replace(folder / CURRENT)
            builds = sorted(
                (one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()),
                key=lambda one: one.stat().st_mtime_ns,
            )
            for old in builds[:-kept]:
                if old != target:
                    shutil.rmtree(old)
        except (OSError, duckdb.IOException) as error:
            raise CopyError(
                f"Parquet files could not be written to {folder.absolute()} ({error}): see that it "
                "may be written to and has room. Readers keep what they have."
            ) from error
    return folder / CURRENT


def write_postgres(published: Path, address: str, schema: str, readers: Sequence[str]) -> int:
    """Write the tables to PostgreSQL and let the schema be them, in one transaction.

    The tables are loaded into a schema of their own, which nobody waits for, and take the place of
    ``schema`` by renaming at the end. ``readers`` are roles that may read it afterwards.

    Returns
    -------
    Number of tables.

    Raises
    ------
    CopyError : psycopg is not installed, or PostgreSQL cannot be reached or refuses.
    """
    try:
        import psycopg  # noqa: PLC0415 - only who publishes to PostgreSQL needs it
        from psycopg import sql  # noqa: PLC0415
    except ImportError as error:
        raise CopyError(
            "Publishing to PostgreSQL needs psycopg: pip install 'psycopg[binary]>=3.2'."
        ) from error
    names = {
        name: sql.Identifier(f"{schema}{ending}")
        for name, ending in (("live", ""), ("new", "__new"), ("old", "__old"))
    }
    try:
        with (
            closing(duckdb.connect(str(published), read_only=True)) as source,
            psycopg.connect(address, connect_timeout=30) as target,
        ):
            tables = _tables(source)
            target.execute(f"set lock_timeout = '{_LOCK_SECONDS}s'")
            # One publication at a time, whichever machine it comes from.
            target.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"tierwise {schema}"])
            for name in ("new", "old"):
                target.execute(sql.SQL("drop schema if exists {} cascade").format(names[name]))
            target.execute(sql.SQL("create schema {}").format(names["new"]))
            for table in tables:
                _load(source, target, table, f"{schema}__new")
            for role in readers:
                for grant in ("usage on schema {}", "select on all tables in schema {}"):
                    target.execute(
                        sql.SQL("grant " + grant + " to {}").format(
                            names["new"], sql.Identifier(role)
                        )
                    )
            exists = target.execute(
                "select 1 from pg_namespace where nspname = %s", [schema]
            ).fetchone()
            if exists:
                target.execute(
                    sql.SQL("alter schema {} rename to {}").format(names["live"], names["old"])
                )
            target.execute(
                sql.SQL("alter schema {} rename to {}").format(names["new"], names["live"])
            )
            target.commit()
            # Nobody gets to the old tables any more; who is reading them still keeps them for now.
            with suppress(psycopg.errors.LockNotAvailable), target.transaction():
                target.execute(sql.SQL("drop schema if exists {} cascade").format(names["old"]))
    except psycopg.Error as error:
        raise CopyError(
            f"PostgreSQL was not written to ({str(error).strip().splitlines()[0]}): see that the "
            "server is there, the role may create schemas, and nobody else changes this one. "
            "Readers keep what they have."
        ) from error
    return len(tables)


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """List the tables of a publication."""
    rows = connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
    return [table for (table,) in rows]


def _load(
    source: duckdb.DuckDBPyConnection, target: Connection[Any], table: str, schema: str
) -> None:
    """Create a table and copy its rows, some thousands at a time."""
    from psycopg import sql  # noqa: PLC0415 - as above

    columns = source.execute(
        "select column_name, data_type from duckdb_columns() where table_name = ? "
        "order by column_index",
        [table],
    ).fetchall()
    name = sql.Identifier(schema, table)
    described = [
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(_postgres_type(kind)))
        for column, kind in columns
    ]
    target.execute(sql.SQL("create table {} ({})").format(name, sql.SQL(", ").join(described)))
    rows = source.execute(f'from "{table}"')
    with target.cursor().copy(sql.SQL("copy {} from stdin").format(name)) as copy:
        while batch := rows.fetchmany(_BATCH):
            for row in batch:
                copy.write_row(row)
    target.execute(sql.SQL("analyze {}").format(name))


def _postgres_type(kind: str) -> str:
    """Name the type of a column in PostgreSQL."""
    decimal = _DECIMAL.fullmatch(kind)
    return f"numeric({decimal[1]}, {decimal[2]})" if decimal else _POSTGRES_TYPES.get(kind, "text")


def _remove(path: Path) -> None:
    """Remove a file, a link or a folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
