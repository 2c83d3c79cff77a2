"""The comparison of two publications names who moves and counts what differs."""

import json
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from tierwise.compare import CompareError, as_markdown, compare, main

TIERS = {"a": "top", "b": "top", "c": "low", "d|e": "low", "f": None}


def write_publication(
    path: Path,
    tiers: dict[str, str | None],
    *,
    extra: str = "",
    keys: dict[str, list[str]] | None = None,
) -> Path:
    with closing(duckdb.connect(str(path))) as connection:
        connection.execute(
            "create table dim_customer_tiers (customer_id varchar, tier_code varchar)"
        )
        connection.executemany("insert into dim_customer_tiers values (?, ?)", list(tiers.items()))
        connection.execute(
            "create table rpt_sizes as select * from "
            "(values (1, null, 0.5), (2, 'x', null), (3, 'y', 1.5)) as rows (number, name, share)"
        )
        connection.execute(extra or "select 1")
        connection.execute(
            "create table _publish_info (build_id varchar, as_of_date date, settings_hash varchar, "
            "table_name varchar, row_count bigint, checksum varchar, key_columns varchar[])"
        )
        for table, key in (
            {"dim_customer_tiers": ["customer_id"], "rpt_sizes": ["number", "name"]} | (keys or {})
        ).items():
            connection.execute(
                "insert into _publish_info values (?, date '2024-02-29', 'hash', ?, 0, '', ?)",
                [path.stem, table, key],
            )
    return path


def test_the_same_build_twice_differs_in_nothing(tmp_path: Path) -> None:
    one, two = (write_publication(tmp_path / f"{name}.duckdb", TIERS) for name in ("one", "two"))
    found = compare(one, two)
    assert not found.movers
    assert not [table for table in found.tables if table.differs]
    text = as_markdown(found)
    assert "Nobody of 5 customers changes tier." in text
    assert "2 of 2 tables are the same, row by row." in text


def test_whoever_moves_comes_or_goes_is_named(tmp_path: Path) -> None:
    one = write_publication(tmp_path / "one.duckdb", TIERS)
    after = {"a": "top", "b": "low", "d|e": "top", "f": "low", "g": "low"}
    two = write_publication(tmp_path / "two.duckdb", after)
    found = compare(one, two)
    assert found.movers == [
        ("b", "top", "low"),
        ("c", "low", "(none)"),
        ("d|e", "low", "top"),
        ("f", "(none)", "low"),
        ("g", "(none)", "low"),
    ]
    text = as_markdown(found)
    assert "**5 of 6 customers change tier.**" in text
    assert "| from \\ to | (none) | low | top |" in text
    assert "| top | 0 | 1 | 1 |" in text
    assert "| d\\|e | low | top |" in text
    assert "| `dim_customer_tiers` | 5 | 5 | 1 | 1 | 3 | tier_code 3 |" in text


def test_rows_and_columns_are_counted_by_key_with_nulls(tmp_path: Path) -> None:
    one = write_publication(tmp_path / "one.duckdb", TIERS)
    two = write_publication(
        tmp_path / "two.duckdb",
        TIERS,
        extra="update rpt_sizes set share = null where number = 1; "
        "delete from rpt_sizes where number = 3; "
        "insert into rpt_sizes values (3, 'z', 1.5), (4, null, 1); "
        "alter table rpt_sizes add column fresh int; create table rpt_new as select 1 as id",
        keys={"rpt_new": ["id"]},
    )
    [sizes] = [table for table in compare(one, two).tables if table.table == "rpt_sizes"]
    assert (sizes.added, sizes.removed, sizes.changed) == (2, 1, 1)
    assert sizes.changed_columns == (("share", 1),)
    assert sizes.new_columns == ("fresh",)
    text = as_markdown(compare(one, two))
    assert "| `rpt_sizes` | 3 | 4 | 2 | 1 | 1 | share 1, +fresh |" in text
    assert "| `rpt_new` |  | 1 | 0 | 0 | 0 |  |" in text
    assert "1 of 3 tables are the same" in text
    assert "| `rpt_sizes` | 4 | 3 | 1 | 2 | 1 | share 1, -fresh |" in as_markdown(compare(two, one))


def test_without_a_common_key_all_rows_are_others(tmp_path: Path) -> None:
    one = write_publication(tmp_path / "one.duckdb", TIERS)
    two = write_publication(
        tmp_path / "two.duckdb",
        TIERS,
        extra="alter table rpt_sizes rename number to place",
        keys={"rpt_sizes": ["place"]},
    )
    [sizes] = [table for table in compare(one, two).tables if table.table == "rpt_sizes"]
    assert (sizes.added, sizes.removed, sizes.changed) == (3, 3, 0)


def test_as_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write_publication(tmp_path / "one.duckdb", {str(n): "top" for n in range(60)})
    two = write_publication(tmp_path / "two.duckdb", {str(n): "low" for n in range(60)})
    output, customers = tmp_path / "diff.md", tmp_path / "movers.csv"
    assert main([str(one), str(two), "--output", str(output), "--customers", str(customers)]) == 0
    assert "... and 10 more." in output.read_text()
    assert len(customers.read_text().splitlines()) == 61
    assert main([str(one), str(two)]) == 0
    assert "60 of 60 customers change tier" in capsys.readouterr().out
    assert main([str(one), str(tmp_path / "none.duckdb")]) == 1
    assert "give two published files" in capsys.readouterr().err


def test_what_is_no_publication_is_refused(tmp_path: Path) -> None:
    one = write_publication(tmp_path / "one.duckdb", TIERS)
    other = tmp_path / "other.duckdb"
    duckdb.connect(str(other)).close()
    (tmp_path / "text.duckdb").write_text(json.dumps({"no": "database"}))
    for path in (other, tmp_path / "text.duckdb"):
        with pytest.raises(CompareError, match=r"is not what `make publish` writes"):
            compare(one, path)
