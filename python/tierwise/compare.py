"""Compare two publications: ``python -m tierwise.compare BASE.duckdb CHANGED.duckdb``.

Says as Markdown, for a pull request, who changes tier because of a change, and what else differs:
rows added, removed and changed per table, values changed per column.
"""

from __future__ import annotations

import argparse
import csv
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

if TYPE_CHECKING:
    from collections.abc import Sequence

    _Row = tuple[Any, ...]

INFO_TABLE, TIER_TABLE = "_publish_info", "dim_customer_tiers"
# Customers named in the Markdown itself; `--customers` writes all of them to a file.
_NAMED = 50
NO_TIER = "(none)"


class CompareError(Exception):
    """The files cannot be compared; the message says why and what to do."""


@dataclass(frozen=True)
class TableDifference:
    """How the rows of one table differ; ``changed_columns`` counts rows by column."""

    table: str
    base_count: int | None
    changed_count: int | None
    added: int = 0
    removed: int = 0
    changed: int = 0
    changed_columns: tuple[tuple[str, int], ...] = ()
    new_columns: tuple[str, ...] = ()
    lost_columns: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Say whether anything differs."""
        return bool(
            self.base_count is None
            or self.changed_count is None
            or self.added
            or self.removed
            or self.changed
            or self.new_columns
            or self.lost_columns
        )


@dataclass(frozen=True)
class Comparison:
    """What differs between two publications; tiers are (customer, before, after)."""

    base: dict[str, str]
    changed: dict[str, str]
    tables: list[TableDifference]
    movers: list[tuple[str, str, str]]
    sizes: dict[tuple[str, str], int]


def compare(base: Path, changed: Path) -> Comparison:
    """Compare all tables of two publications by their keys.

    Raises
    ------
    CompareError : a file is missing, or is no publication.
    """
    for path in (base, changed):
        if not path.is_file():
            raise CompareError(f"There is no file {path.absolute()}: give two published files.")
    with closing(duckdb.connect()) as connection:
        for name, path in (("base", base), ("changed", changed)):
            quoted = str(path).replace("'", "''")
            try:
                connection.execute(f"attach '{quoted}' as {name} (read_only)")
                connection.execute(f"select key_columns from {name}.{INFO_TABLE} limit 0")  # noqa: S608 - names from this file
            except duckdb.Error as error:
                raise CompareError(
                    f"{path.absolute()} is not what `make publish` writes "
                    f"({str(error).splitlines()[0]}): give two published files."
                ) from error
        facts = {name: _facts(connection, name) for name in ("base", "changed")}
        keys = {name: _keys(connection, name) for name in ("base", "changed")}
        tables = [
            _difference(connection, table, keys["base"].get(table), keys["changed"].get(table))
            for table in sorted(keys["base"] | keys["changed"])
        ]
        movers, sizes = _tiers(connection)
    return Comparison(facts["base"], facts["changed"], tables, movers, sizes)


def _facts(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """Read what a publication says of itself."""
    [row] = connection.execute(
        f"select distinct build_id, as_of_date, settings_hash from {name}.{INFO_TABLE}"  # noqa: S608 - names from this file
    ).fetchall()
    return dict(zip(("build", "as of", "settings"), map(str, row), strict=True))


def _keys(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, list[str]]:
    """Read the key of each table."""
    return dict(
        connection.execute(f"select table_name, key_columns from {name}.{INFO_TABLE}").fetchall()  # noqa: S608 - names from this file
    )


def _columns(connection: duckdb.DuckDBPyConnection, name: str, table: str) -> list[str]:
    """List the columns of a table."""
    rows = connection.execute(
        "select column_name from duckdb_columns() where database_name = ? and table_name = ? "
        "order by column_index",
        [name, table],
    ).fetchall()
    return [column for (column,) in rows]


def _count(connection: duckdb.DuckDBPyConnection, name: str, table: str) -> int:
    [(count,)] = connection.execute(f'select count(*) from {name}."{table}"').fetchall()  # noqa: S608 - names of tables
    return int(count)


def _difference(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    base_key: list[str] | None,
    changed_key: list[str] | None,
) -> TableDifference:
    """Compare one table; rows belong together where the key of the changed build is equal."""
    if base_key is None or changed_key is None:
        return TableDifference(
            table,
            None if base_key is None else _count(connection, "base", table),
            None if changed_key is None else _count(connection, "changed", table),
        )
    before, after = (_columns(connection, name, table) for name in ("base", "changed"))
    both = [column for column in after if column in before]
    sizes = (_count(connection, "base", table), _count(connection, "changed", table))
    added = tuple(column for column in after if column not in before)
    lost = tuple(column for column in before if column not in after)
    if not set(changed_key) <= set(both):
        # Without a common key every row is another one.
        return TableDifference(table, *sizes, sizes[1], sizes[0], 0, (), added, lost)
    values = [column for column in both if column not in changed_key]
    on = " and ".join(f'base."{key}" is not distinct from changed."{key}"' for key in changed_key)
    differs = [f'base."{column}" is distinct from changed."{column}"' for column in values]
    of_both = "base_row and changed_row"
    selected = ", ".join(
        [
            "count(*) filter (not coalesce(base_row, false))",
            "count(*) filter (not coalesce(changed_row, false))",
            f"count(*) filter ({of_both} and ({' or '.join(differs) or 'false'}))",
            *(f"count(*) filter ({of_both} and {one})" for one in differs),
        ]
    )
    [(new, gone, changed, *by_column)] = connection.execute(
        f'select {selected} from (select *, true as base_row from base."{table}") as base '  # noqa: S608 - names from the catalog
        f'full join (select *, true as changed_row from changed."{table}") as changed on {on}'
    ).fetchall()
    changed_columns = [
        (column, count) for column, count in zip(values, by_column, strict=True) if count
    ]
    return TableDifference(
        table,
        *sizes,
        new,
        gone,
        changed,
        tuple(sorted(changed_columns, key=lambda item: (-item[1], item[0]))),
        added,
        lost,
    )


def _tiers(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[list[tuple[str, str, str]], dict[tuple[str, str], int]]:
    """Put each customer's tiers of both side by side: who moved, and how many of each pair."""
    rows = connection.execute(
        f"""
        select
            coalesce(base.customer_id, changed.customer_id) as customer_id,
            coalesce(base.tier_code, '{NO_TIER}') as tier_before,
            coalesce(changed.tier_code, '{NO_TIER}') as tier_after
        from base.{TIER_TABLE} as base
        full join changed.{TIER_TABLE} as changed on base.customer_id = changed.customer_id
        order by all
        """  # noqa: S608 - names from this file
    ).fetchall()
    sizes: dict[tuple[str, str], int] = {}
    for _, before, after in rows:
        sizes[before, after] = sizes.get((before, after), 0) + 1
    return [row for row in rows if row[1] != row[2]], sizes


def as_markdown(comparison: Comparison) -> str:
    """Write the comparison for a pull request."""
    base, changed = comparison.base, comparison.changed
    parts = [
        "## Who changes tier",
        _table(
            ["", *base],
            [("base", *base.values()), ("changed", *changed.values())],
        ),
    ]
    customers = sum(comparison.sizes.values())
    if comparison.movers:
        parts += [
            f"**{len(comparison.movers):,} of {customers:,} customers change tier.**",
            _matrix(comparison.sizes),
            _table(["customer", "from", "to"], comparison.movers[:_NAMED]),
        ]
        if len(comparison.movers) > _NAMED:
            parts.append(f"... and {len(comparison.movers) - _NAMED:,} more.")
    else:
        parts.append(f"Nobody of {customers:,} customers changes tier.")
    differing = [table for table in comparison.tables if table.differs]
    same = len(comparison.tables) - len(differing)
    parts.append("## What else differs")
    if differing:
        parts.append(
            _table(
                ["table", "rows before", "rows after", "added", "removed", "changed", "columns"],
                [
                    (
                        f"`{one.table}`",
                        "" if one.base_count is None else f"{one.base_count:,}",
                        "" if one.changed_count is None else f"{one.changed_count:,}",
                        f"{one.added:,}",
                        f"{one.removed:,}",
                        f"{one.changed:,}",
                        _columns_in_words(one),
                    )
                    for one in differing
                ],
            )
        )
    parts.append(f"{same} of {len(comparison.tables)} tables are the same, row by row.")
    return "\n\n".join(parts) + "\n"


def _columns_in_words(one: TableDifference) -> str:
    """Say which columns differ, and in how many rows."""
    return ", ".join(
        [
            *(f"{column} {count:,}" for column, count in one.changed_columns),
            *(f"+{column}" for column in one.new_columns),
            *(f"-{column}" for column in one.lost_columns),
        ]
    )


def _matrix(sizes: dict[tuple[str, str], int]) -> str:
    """Write how many customers went from which tier to which."""
    before = sorted({old for old, _ in sizes})
    after = sorted({new for _, new in sizes})
    return _table(
        ["from \\ to", *after],
        [(old, *(f"{sizes.get((old, new), 0):,}" for new in after)) for old in before],
    )


def _table(header: Sequence[str], rows: Sequence[_Row]) -> str:
    """Write a Markdown table; what stands in cells cannot end them."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in lines
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print or write the comparison; 0, or 1 with a message where it cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tierwise.compare")
    parser.add_argument("base", type=Path, help="the published file before the change")
    parser.add_argument("changed", type=Path, help="the one with it")
    parser.add_argument("--output", type=Path, help="where to write the Markdown")
    parser.add_argument("--customers", type=Path, help="where to write all who move, as CSV")
    options = parser.parse_args(arguments)
    try:
        comparison = compare(options.base, options.changed)
        text = as_markdown(comparison)
        if options.output:
            options.output.write_text(text, encoding="utf-8")
        else:
            print(text, end="")
        if options.customers:
            with options.customers.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["customer_id", "tier_before", "tier_after"])
                writer.writerows(comparison.movers)
    except CompareError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
