"""Files of the input on Spark: DuckDB reads them beside the driver and lands them as Parquet.

So that files are inspected, read and mapped by the same code whatever engine builds the models.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
from typing import TYPE_CHECKING, Any

import duckdb

from tierwise.input_files import register_functions

if TYPE_CHECKING:
    from pathlib import Path

Answer = tuple[list[tuple[Any, ...]], list[tuple[str, str]]]


class Landing:
    """The DuckDB beside the driver: it reads the files of the input and lands them as Parquet."""

    def __init__(self, place: Path, schema: str) -> None:
        """Open its database, which keeps the rows that were read line by line."""
        self._place = place / "landing"
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir(parents=True)
        self._connection = duckdb.connect(str(place / "landing.duckdb"))
        self._connection.execute("set enable_progress_bar = false; set TimeZone = 'UTC'")
        self._connection.execute(f'create schema if not exists "{schema}"')
        self._connection.execute("create schema if not exists main")
        register_functions(self._connection)
        self._lock = threading.Lock()

    def ask(self, query: str) -> Answer:
        """Return the rows of a query, and the names and types of its columns."""
        with self._lock:
            relation = self._connection.sql(query)
            return relation.fetchall(), [
                (name, str(type_))
                for name, type_ in zip(relation.columns, relation.types, strict=True)
            ]

    def land(self, query: str) -> Path:
        """Write the rows of a query as Parquet, each query once; text is composed to NFC."""
        path = self._place / hashlib.sha256(query.encode()).hexdigest()[:16]
        with self._lock:
            if not path.exists():
                columns = self._connection.execute(f"describe {query}").fetchall()
                shown = ", ".join(
                    'nfc_normalize("{0}") as "{0}"'.format(name.replace('"', '""'))
                    if type_ == "VARCHAR"
                    else '"{}"'.format(name.replace('"', '""'))
                    for name, type_, *_ in columns
                )
                unfinished = path.with_suffix(".new")
                unfinished.mkdir()
                self._connection.execute(
                    f"copy (select {shown} from ({query})) to '{unfinished}/rows.parquet' "  # noqa: S608 - a query of the macros
                    "(format parquet)"
                )
                unfinished.rename(path)
        return path

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()
