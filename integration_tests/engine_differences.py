"""What differs between the same tables of two builds, for tests that build on two engines."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

# Doubles are sums and fits: they may differ by this share of their size. Nothing else may differ.
TOLERANCE = 1e-9


def differences(
    one: Path, other: Path, keys: Mapping[str, Collection[str]], ignored: Collection[str] = ()
) -> dict[str, str]:
    """Compare tables row by row; returns, per table that differs, how.

    Parameters
    ----------
    one, other : two DuckDB files of different names: that is where views look for their tables.
    keys : the tables, each with the columns that tell its rows apart.
    ignored : columns that are not compared, as ``table.column``.
    """
    found = {}
    with closing(duckdb.connect()) as connection:
        connection.execute(f"attach '{one}' (read_only); attach '{other}' (read_only)")
        for table, key in keys.items():
            types = [
                {name: type_ for name, type_, *_ in connection.execute(
                    f"describe {file}.main.{table}"
                ).fetchall()}
                for file in (one.stem, other.stem)
            ]  # fmt: skip
            if types[0] != types[1]:
                found[table] = f"columns {set(types[0].items()) ^ set(types[1].items())}"
                continue
            found |= _row_differences(
                connection,
                [f"{file.stem}.main.{table}" for file in (one, other)],
                types[0],
                list(key),
                {c.removeprefix(f"{table}.") for c in ignored if c.startswith(f"{table}.")},
            )
    return found


def _row_differences(
    connection: duckdb.DuckDBPyConnection,
    tables: list[str],
    types: Mapping[str, str],
    key: list[str],
    ignored: Collection[str],
) -> dict[str, str]:
    """Pair the rows of two tables by their key and say in which columns how many differ."""
    compared = [c for c in types if c not in {*key, *ignored}]
    key = [c for c in key if c not in ignored]
    conditions = {
        column: f'a."{column}" is distinct from b."{column}" and not coalesce('
        f'abs(a."{column}" - b."{column}") <= {TOLERANCE} * greatest(1, abs(a."{column}")), false)'
        if types[column] in {"DOUBLE", "FLOAT"}
        else f'a."{column}" is distinct from b."{column}"'
        for column in compared
    }
    joined = " and ".join(f'a."{c}" is not distinct from b."{c}"' for c in key) or "true"
    counts = ", ".join(
        f"count(*) filter (a.here and b.here and ({condition}))"
        for condition in conditions.values()
    )
    row = connection.execute(
        "select count(*) filter (b.here is null), count(*) filter (a.here is null), "  # noqa: S608 - names of tables and columns
        f"{counts or 'null'} from (select *, true as here from {tables[0]}) as a "
        f"full join (select *, true as here from {tables[1]}) as b on {joined}"
    ).fetchone()
    assert row is not None
    told = dict(zip(["only in the first", "only in the second", *compared], row, strict=False))
    wrong = {name: count for name, count in told.items() if count}
    return (
        {
            tables[0].rpartition(".")[2]: ", ".join(
                f"{name}: {count}" for name, count in wrong.items()
            )
        }
        if wrong
        else {}
    )
