"""Rows that cannot be read become rows of a table, and cost no others.

Every rule of the reader has a test; values are compared with those DuckDB reads.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from tierwise import input_files, line_reader
from tierwise.input_files import inspect_files, register_functions
from tierwise.line_hash import LineHashes, LineIndex
from tierwise.line_reader import LineFormat, LongLine, RowsTable, read_blocks, store_records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = '"memory"."main"."rows"'
HEADER = b"id,name,amount\n"
GOOD = HEADER + b"1,a,10\n2,b,20\n"


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as connection:
        yield connection


class Shop:
    """A file, a database, and what is asked about them."""

    def __init__(self, folder: Path, database: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.database = database

    def write(self, content: bytes, name: str = "a.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def inspect(self, path: Path | str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of every type
        return inspect_files(
            {"path": str(path), "rows_table": TABLE, **options},
            connect_remote=self.database.cursor,
        )

    def accept(self, content: bytes, name: str = "a.csv", **options: Any) -> dict[str, Any]:  # noqa: ANN401
        report = self.inspect(self.write(content, name), **options)
        assert report["error"] is None
        (file,) = report["files"]
        assert isinstance(file, dict)
        return file

    def refuse(self, content: bytes, name: str = "a.csv", **options: Any) -> dict[str, Any]:  # noqa: ANN401
        error = self.inspect(self.write(content, name), **options)["error"]
        assert isinstance(error, dict)
        return error

    def rows(self, columns: str = "line_number, fields, row_code") -> list[tuple[Any, ...]]:
        query = f"select {columns} from {TABLE} order by row_in_file"  # noqa: S608
        return self.database.execute(query).fetchall()

    def has_table(self) -> bool:
        found = self.database.execute("select 1 from duckdb_tables() where table_name = 'rows'")
        return bool(found.fetchall())


@pytest.fixture
def shop(tmp_path: Path, database: duckdb.DuckDBPyConnection) -> Shop:
    return Shop(tmp_path, database)


# Regular files are left to DuckDB


@pytest.mark.parametrize(
    ("content", "dialect", "first_line"),
    [
        (GOOD, {}, 2),
        (b"\xef\xbb\xbf" + GOOD, {}, 2),
        (GOOD.replace(b"\n", b"\r\n"), {}, 2),
        (GOOD.replace(b"\n", b"\r"), {}, 2),
        (GOOD.rstrip(b"\n"), {}, 2),
        (GOOD + b"\n\n", {}, 2),
        (GOOD + b'"3","c ""d"", e",\n', {}, 2),
        (GOOD + b'3, "c" ,1\n', {}, 2),
        (b"made\nby\n" + GOOD, {"skip_lines": 2}, 4),
        (b'"i\nd",name,amount\n1,a,10\n2,b,20\n', {}, 3),
        (b'size 5",name,amount\n1,a,10\n2,b,20\n', {}, 2),
        (b"1,a,10\n2,b,20\n", {"header": False, "column_names": ["x", "y", "z"]}, 1),
        (b'1,5" nail,10\n2,b,20\n', {"header": False, "column_names": list("xyz"), "quote": ""}, 1),
        (b"id\tname  amount\n 1  a 10\n2\tb\t20 \n\n", {"delimiter": "whitespace"}, 2),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_regular_file_is_left_to_duckdb(
    shop: Shop, content: bytes, dialect: dict[str, object], first_line: int, *, compressed: bool
) -> None:
    data, name = (gzip.compress(content), "a.csv.gz") if compressed else (content, "a.csv")
    file = shop.accept(data, name, csv=dialect)
    assert (file["line_by_line"], file["first_line"], file["rejected_rows"]) == (
        False,
        first_line,
        0,
    )
    assert file["key"] == int(hashlib.sha256(data).hexdigest()[:15], 16)
    assert not shop.has_table()


@pytest.mark.parametrize(
    "content",
    [
        GOOD + b"3\n",
        GOOD + b"3,c,30,x\n",
        GOOD + b'3,"c"x,30\n',
        GOOD + b'3,5" nail,30\n',
        GOOD + b'3,"c\nd",30\n',
        GOOD + b'3,"c\n',
        GOOD + b"\n3,c,30\n",
        GOOD + b"3,c,30\r\n",
        GOOD + b"3,c\r,30\n",
        HEADER + b"\n1,a,10\n2,b,20\n",
    ],
    ids=[
        "too few fields",
        "too many fields",
        "text after a quote",
        "quote in a field",
        "line end in a field",
        "open quote",
        "blank line",
        "mixed line ends",
        "lone CR",
        "blank line after the header",
    ],
)
def test_any_other_file_is_read_line_by_line(shop: Shop, content: bytes) -> None:
    file = shop.accept(content)
    assert file["line_by_line"] is True
    assert file["first_line"] == 2
    rows = shop.rows("line_number, fields")
    assert (file["rows"], file["rejected_rows"]) == (
        len(rows),
        sum(fields is None for _, fields in rows),
    )
    assert [fields for _, fields in rows if fields][:2] == [["1", "a", "10"], ["2", "b", "20"]]


def test_without_a_table_an_irregular_file_has_no_first_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(GOOD + b'3,"c\nd",30\n')
    (file,) = inspect_files({"path": str(tmp_path / "a.csv")})["files"]  # type: ignore[misc]
    assert (file["rows"], file["line_by_line"], file["first_line"]) == (3, False, None)


# The rules, one by one


def test_field_counts(shop: Shop) -> None:
    shop.accept(GOOD + b"3\n4,d,40\n5,e,50,x\n")
    assert shop.rows("line_number, row_code, detail, raw_line")[2:] == [
        (4, "ROW_FIELD_COUNT", "1 field instead of 3", "3"),
        (5, None, None, None),
        (6, "ROW_FIELD_COUNT", "4 fields instead of 3", "5,e,50,x"),
    ]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b'3,"c"x,30', None),
        (b'3,"c" "d",30', None),
        (b'3,c"d,30', None),
        (b'3,"c""d,30', None),
        (b'3,c"",30', None),
        (b'"3","c ""d"", e",30', ["3", 'c "d", e', "30"]),
        (b'3, "c" ,30', ["3", "c", "30"]),
        (b"3, c ,30", ["3", " c ", "30"]),
        (b'3,"",', ["3", None, None]),
        (b'"","""",', [None, '"', None]),
    ],
)
def test_quotes(shop: Shop, line: bytes, fields: list[str | None] | None) -> None:
    shop.accept(GOOD + b"x\n" + line + b"\n4,d,40\n")
    code = None if fields else "ROW_QUOTING"
    assert shop.rows()[3:] == [(5, fields, code), (6, ["4", "d", "40"], None)]


@pytest.mark.parametrize("size", [line_reader._BLOCK_LENGTH, 7])  # noqa: SLF001
def test_one_stray_quote_costs_one_line(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(read_blocks, "__defaults__", (line_reader.MAX_LINE_LENGTH, size))
    lines = b"".join(b"%d,c,30\n" % n for n in range(4, 400))
    shop.accept(GOOD + b'3,"c,30\n' + lines + b'400,"c,1\n401,"d",1\n')
    rejected = [row for row in shop.rows("line_number, row_code, raw_line") if row[1]]
    assert rejected == [(4, "ROW_QUOTING", '3,"c,30'), (401, "ROW_QUOTING", '400,"c,1')]
    assert len(shop.rows()) == 401


def test_an_unterminated_quote_at_the_end(shop: Shop) -> None:
    shop.accept(GOOD + b'3,"c,30\n4,d,40\n"5,e')
    assert shop.rows()[2:] == [
        (4, None, "ROW_QUOTING"),
        (5, ["4", "d", "40"], None),
        (6, None, "ROW_QUOTING"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [line_reader._BLOCK_LENGTH, 1, 2, 5])  # noqa: SLF001
def test_line_numbers_after_line_ends_in_fields_and_blank_lines(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, end: bytes, size: int
) -> None:
    monkeypatch.setattr(read_blocks, "__defaults__", (line_reader.MAX_LINE_LENGTH, size))
    content = HEADER + b'1,"a\n\nb",10\n\n2,b,20\n\n\n3,"c\n",30\n4\n5,e,50\n'
    shop.accept(content.replace(b"\n", end))
    text = end.decode()
    assert shop.rows() == [
        (2, ["1", f"a{text}{text}b", "10"], None),
        (6, ["2", "b", "20"], None),
        (9, ["3", f"c{text}", "30"], None),
        (11, None, "ROW_FIELD_COUNT"),
        (12, ["5", "e", "50"], None),
    ]


def test_a_record_ends_within_100_further_lines_and_64_kib(shop: Shop) -> None:
    def code(inside: bytes) -> str | None:
        shop.database.execute(f"drop table if exists {TABLE}")
        shop.accept(GOOD + b'3,"' + inside + b'",30\n')
        found = shop.rows("row_code")[2][0]
        assert found is None or isinstance(found, str)
        return found

    assert code(b"x\n" * 100) is None
    assert code(b"x\n" * 101) == "ROW_QUOTING"
    assert code(b"x" * 65_000 + b"\n") is None
    assert code(b"x" * 66_000 + b"\n") == "ROW_QUOTING"


def test_a_record_over_lines_with_another_number_of_fields_costs_its_first_line(
    shop: Shop,
) -> None:
    shop.accept(GOOD + b'3,"c\n4,d,40\n5,e",50,x\n6,f,60\n')
    assert shop.rows()[2:] == [
        (4, None, "ROW_QUOTING"),
        (5, ["4", "d", "40"], None),
        (6, None, "ROW_QUOTING"),
        (7, ["6", "f", "60"], None),
    ]


def test_line_ends_of_three_kinds(shop: Shop) -> None:
    shop.accept(b"id,name,amount\r1,a,10\n2,b,20\r\n3,c,30\r\r\n4,d,40")
    assert shop.rows() == [
        (2, ["1", "a", "10"], None),
        (3, ["2", "b", "20"], None),
        (4, ["3", "c", "30"], None),
        (6, ["4", "d", "40"], None),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_line_that_is_too_long(shop: Shop, end: bytes) -> None:
    limit = line_reader.MAX_LINE_LENGTH
    long, just = b"3,c," + b"9" * (limit - 3), b"4,d," + b"9" * (limit - 4)
    shop.accept(end.join([GOOD.replace(b"\n", end) + long, just, b"5,e,50", b'"' + long]))
    rows = shop.rows("line_number, row_code, length(raw_line), raw_sha256")
    assert rows[2:] == [
        (4, "TOO_LONG", 2000, hashlib.sha256(long).hexdigest()),
        (5, None, None, None),
        (6, None, None, None),
        (7, "TOO_LONG", 2000, hashlib.sha256(b'"' + long).hexdigest()),
    ]


def test_long_lines_in_pieces_of_any_size() -> None:
    rng = np.random.default_rng(5)
    pieces = ["", "x", "xy" * 3, "long" * 9, "\r", "\n", "\r\n"]
    for _ in range(300):
        text = "".join(rng.choice(pieces, 12).tolist())
        expected = [line.rstrip("\r\n") for line in io.StringIO(text, newline="")]
        got = []
        size = int(rng.integers(1, 9))
        for block in read_blocks(io.StringIO(text, newline=""), "utf-8", 8, size):
            if isinstance(block, LongLine):
                got.append(block.sha256)
            else:
                assert (
                    "".join(line + end for line, end in zip(block.lines, block.ends, strict=True))
                    in text
                )
                got += block.lines
        assert got == [
            hashlib.sha256(line.encode()).hexdigest() if len(line) > 8 else line
            for line in expected
        ], (text, size)


def test_runs_of_blanks(shop: Shop) -> None:
    content = b'id  name amount\r\n 1  a\t10 \r\n\r\n 2 b\r\n \t\r\n3 "c 30\r\n'
    shop.accept(content, csv={"delimiter": "whitespace"})
    assert shop.rows("line_number, fields, detail, raw_line") == [
        (2, ["1", "a", "10"], None, None),
        (4, None, "2 fields instead of 3", " 2 b"),
        (6, ["3", '"c', "30"], None, None),
    ]


def test_blank_lines_of_a_one_column_file_are_no_records(shop: Shop) -> None:
    # DuckDB reads null for them, at the end of the file too.
    file = shop.accept(b'id\na\n\n""\nb\n\n')
    assert (file["line_by_line"], file["rows"]) == (True, 3)
    assert shop.rows() == [(2, ["a"], None), (4, [None], None), (5, ["b"], None)]


def test_zero_characters_are_data(shop: Shop) -> None:
    shop.accept(GOOD + b"3,c\0d,\0\nx\0\n")
    assert shop.rows("fields, raw_line")[2:] == [(["3", "c\0d", "\0"], None), (None, "x\0")]


def test_other_dialects(shop: Shop) -> None:
    content = b"id;'na''me';amount\n1;'a;''b''';10\n2;b\n"
    shop.accept(content, csv={"delimiter": ";", "quote": "'", "escape": "'"})
    assert shop.rows("fields") == [(["1", "a;'b'", "10"],), (None,)]
    content = b'id,name,amount\n1,"a\\"b\\\\\\c",10\n2,\\,20\n3,"a""b",1\n'
    shop.database.execute(f"drop table {TABLE}")
    shop.accept(content, csv={"escape": "\\"})
    assert shop.rows("fields") == [(["1", 'a"b\\c', "10"],), (["2", "\\", "20"],), (None,)]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_encodings_and_the_hash_of_the_bytes(shop: Shop, encoding: str) -> None:
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    mark = "" if encoding == "latin-1" else "\ufeff"
    text = f"{mark}né,2\n3,c,30\r\nü\n"
    dialect = {"encoding": encoding, "header": False, "column_names": ["x", "y"]}
    path = shop.write(text.encode(codec))
    report = shop.inspect(path, csv=dialect)
    assert report["error"] is None
    assert shop.rows("fields, raw_sha256") == [
        (["né", "2"], None),
        (None, hashlib.sha256("3,c,30".encode(codec)).hexdigest()),
        (None, hashlib.sha256("ü".encode(codec)).hexdigest()),
    ]


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (b"1,a", "ROW_FIELD_COUNT"),
        (b'1,"a,10', "ROW_QUOTING"),
        (b"1,a," + b"9" * (line_reader.MAX_LINE_LENGTH + 1), "TOO_LONG"),
    ],
)
def test_without_a_header_the_first_line_is_a_row_like_others(
    shop: Shop, first: bytes, code: str
) -> None:
    dialect = {"header": False, "column_names": ["x", "y", "z"]}
    shop.accept(first + b"\n" + b"2,b,20\n" * 30_000, csv=dialect)
    assert shop.rows()[:2] == [(1, None, code), (2, ["2", "b", "20"], None)]
    error = shop.refuse(b"1,a\n2,b\n", csv=dialect)
    assert (error["code"], error["line"]) == ("ROW_FIELD_COUNT", 1)
    assert "csv.column_names" in error["message"]


def test_gzip(shop: Shop) -> None:
    file = shop.accept(gzip.compress(GOOD + b"3\n"), "a.csv.gz")
    assert (file["rows"], file["rejected_rows"]) == (3, 1)
    assert shop.rows()[2] == (4, None, "ROW_FIELD_COUNT")


def test_more_rows_than_a_batch_holds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_reader, "_BATCH_ROWS", 10)
    monkeypatch.setattr(read_blocks, "__defaults__", (line_reader.MAX_LINE_LENGTH, 50))
    lines = b"".join(b"%d,c,30\n" % n if n % 7 else b"%d\n" % n for n in range(1, 500))
    file = shop.accept(HEADER + lines)
    assert (file["rows"], file["rejected_rows"]) == (499, 71)
    assert shop.rows("row_in_file, line_number, fields[1], row_code is not null") == [
        (n, n + 1, str(n) if n % 7 else None, n % 7 == 0) for n in range(1, 500)
    ]


# What is wrong with the whole file is still an error


@pytest.mark.parametrize(
    ("content", "code", "dialect"),
    [
        (HEADER + b"1\n2\n", "ROW_FIELD_COUNT", {}),
        (HEADER + b'1,"a,1\n', "ROW_QUOTING", {}),
        (HEADER + b"\n\n", "FILE_NO_ROWS", {}),
        (GOOD + b"3\n\xff,c,1\n", "FILE_ENCODING", {}),
        (GOOD + b"3\n\x80,c,1\n", "FILE_ENCODING", {"encoding": "latin-1"}),
        (b"id,id,amount\n1\n1,2,3\n", "SCHEMA_DUPLICATE_COLUMN", {}),
        (b'id,"name"x,amount\n1,2,3\n4\n', "SCHEMA_HEADER", {}),
        (b'id,"name,amount\n1,"a",3\n4,5,6\n7\n', "SCHEMA_HEADER", {}),
        (b'id,"name\n' + b"1,2\n" * 50_000, "SCHEMA_HEADER", {}),
        (b"1,2\n3\n", "SCHEMA_HEADER", {}),
    ],
)
def test_the_whole_file_is_refused(
    shop: Shop, content: bytes, code: str, dialect: dict[str, object]
) -> None:
    error = shop.refuse(content, csv=dialect)
    assert (error["code"], error["file"]) == (code, str(shop.folder / "a.csv"))
    assert not shop.has_table() or shop.rows() == []


def test_a_file_without_a_good_row_says_what_is_wrong_with_the_first(shop: Shop) -> None:
    error = shop.refuse(b"id,name,amount\n1;a;10\n2;b;20\n")
    assert (error["code"], error["line"]) == ("ROW_FIELD_COUNT", 2)
    assert "line 2 cannot be read: 1 field instead of 3" in error["message"]
    assert "check csv.delimiter" in error["message"]


def test_a_damaged_gzip_file_leaves_no_rows(shop: Shop) -> None:
    content = gzip.compress(GOOD + b"3\n" + b"4,d,40\n" * 9000)
    assert shop.refuse(content[:-9], "a.csv.gz")["code"] == "FILE_CORRUPT"


# Read once


def test_rows_that_are_there_are_not_read_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = GOOD + b"3\n"
    first = shop.accept(content)
    shop.accept(content + b"4,d,40\n", "b.csv")
    monkeypatch.setattr(input_files, "store_records", None)
    assert shop.accept(content) == first


def test_two_dialects_of_one_file_stand_side_by_side(shop: Shop) -> None:
    content = b'id;name,amount\n1;"a,1\n2;b\n3;"c,d",1\nx;y;z\n'
    commas = {"quote": "", "column_names": ["x", "y"]}
    by_comma = shop.accept(content, csv=commas)["rows_dialect"]
    by_semicolon = shop.accept(content, csv=commas | {"delimiter": ";"})["rows_dialect"]
    stored = shop.rows("dialect, fields")
    assert [fields for dialect, fields in stored if dialect == by_comma] == [
        ['1;"a', "1"],
        None,
        None,
        None,
    ]
    assert [fields for dialect, fields in stored if dialect == by_semicolon] == [
        ["1", '"a,1'],
        ["2", "b"],
        ["3", '"c,d",1'],
        None,
    ]


def test_an_interrupted_reading_leaves_what_was_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = GOOD + b"3\n"
    shop.accept(content)
    before = shop.rows("*")

    def fail(*arguments: Any) -> None:  # noqa: ANN401
        store_records(*arguments)
        raise RuntimeError("out of luck")

    monkeypatch.setattr(input_files, "store_records", fail)
    monkeypatch.setattr(RowsTable, "find", lambda _: None)
    error = shop.refuse(content)
    assert error["code"] == "INSPECTION_FAILED"
    assert shop.rows("*") == before


# Known files


def known(file: dict[str, Any], **changed: object) -> dict[str, dict[str, object]]:
    names = ("rows", "rejected_rows", "line_by_line", "first_line")
    return {str(file["key"]): {name: file[name] for name in names} | changed}


@pytest.mark.parametrize("content", [GOOD, GOOD + b"3\n", gzip.compress(GOOD)])
def test_a_known_file_is_not_scanned(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    name = "a.csv" if content.startswith(b"id") else "a.csv.gz"
    first = shop.accept(content, name)
    monkeypatch.setattr(input_files, "_is_read_by_duckdb", None)
    second = shop.accept(content, name, known_files=known(first))
    assert first["known"] is False
    assert second == first | {"known": True}


def test_a_known_file_of_which_the_rows_are_gone_is_read_again(shop: Shop) -> None:
    first = shop.accept(GOOD + b"3\n")
    shop.database.execute(f"drop table {TABLE}")
    again = shop.accept(GOOD + b"3\n", known_files=known(first))
    assert again == first
    assert len(shop.rows()) == 3


def test_another_file_than_the_known_one_is_scanned(shop: Shop) -> None:
    first = shop.accept(GOOD)
    second = shop.accept(GOOD + b"3,c,30\n", known_files=known(first))
    assert (second["known"], second["rows"]) == (False, 3)


def test_a_known_parquet_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shop.folder / "a.parquet"
    shop.database.sql("select 1 as id").write_parquet(str(path))
    (first,) = shop.inspect(path)["files"]
    assert (first["line_by_line"], first["first_line"], first["rejected_rows"]) == (False, None, 0)
    monkeypatch.setattr(input_files, "_check_pages", None)
    (second,) = shop.inspect(path, known_files=known(first))["files"]
    assert second == first | {"known": True, "has_page_checksums": None}


def test_copies_of_a_known_file_are_still_copies(shop: Shop) -> None:
    first = shop.accept(GOOD)
    shop.write(GOOD, "b.csv")
    report = shop.inspect(shop.folder / "*.csv", known_files=known(first))
    assert [file["duplicate_of"] for file in report["files"]] == [None, first["path"]]


@pytest.mark.parametrize(
    "options",
    [
        {"rows_table": 3},
        {"rows_table": " "},
        {"known_files": [1]},
        {"known_files": {"1": 2}},
        {"known_files": {"1": {"rows": "many"}}},
        {"known_files": {"1": {"row": 1}}},
    ],
)
def test_options_that_make_no_sense(options: dict[str, object]) -> None:
    error = inspect_files({"path": "a.csv", **options})["error"]
    assert isinstance(error, dict)
    assert error["code"] == "SETTING_INVALID"
    assert next(iter(options)) in error["message"] or "rows" in error["message"]


# As DuckDB reads


def random_field(rng: np.random.Generator, quote: str, escape: str, delimiter: str) -> str:
    pieces = ["a", "é", "1", " ", "x y", "", "\\", "'", "\t", "\0"]
    plain = "".join(rng.choice(pieces, int(rng.integers(0, 4))).tolist())
    if rng.random() < 0.5:
        if plain.strip(" ") == "" and plain:
            return "b"
        return plain.replace(quote, "").replace(delimiter, "")
    inside = plain + "".join(rng.choice([quote, delimiter, "z"], int(rng.integers(0, 3))).tolist())
    doubled = inside.replace(escape, escape * 2) if escape != quote else inside
    return quote + doubled.replace(quote, escape + quote) + quote


@pytest.mark.parametrize(
    ("delimiter", "quote", "escape"),
    [
        (",", '"', '"'),
        (";", "'", "'"),
        ("\t", '"', '"'),
        (",", '"', "\\"),
        ("|", "^", "^"),
        (" ", '"', '"'),
    ],
)
def test_values_are_those_duckdb_reads(shop: Shop, delimiter: str, quote: str, escape: str) -> None:
    rng = np.random.default_rng(11)
    dialect = {"delimiter": delimiter, "quote": quote, "escape": escape}
    for round_number in range(15):
        columns = int(rng.integers(2, 5))
        names = [f"c{n}" for n in range(columns)]
        lines = [delimiter.join(names)] + [
            delimiter.join(random_field(rng, quote, escape, delimiter) for _ in names)
            for _ in range(40)
        ]
        content = "\n".join(lines).encode() + b"\n"
        path = shop.write(content)
        regular = shop.accept(content, csv=dialect)
        # Python's own count takes an escape outside quotes for one, and DuckDB does not.
        assert regular["line_by_line"] is False or escape == "\\", content
        expected = shop.database.execute(
            "select * from read_csv(?, auto_detect = false, header = true, delim = ?, quote = ?, "
            "escape = ?, all_varchar = true, columns = ?)",
            [str(path), delimiter, quote, escape, dict.fromkeys(names, "VARCHAR")],
        ).fetchall()
        table = RowsTable(shop.database.cursor(), TABLE, round_number, {})
        table.find()
        line_format = LineFormat(delimiter, quote, escape, "utf-8", columns)
        with table.replacing():
            store_records(io.StringIO(content.decode(), newline=""), line_format, 1, table)
        got = shop.database.execute(
            f"select line_number, fields, row_code from {TABLE} where file_key = ? "  # noqa: S608
            "order by row_in_file",
            [round_number],
        ).fetchall()
        assert got == [(n, list(row), None) for n, row in enumerate(expected, 2)], content


# SQL


def test_in_sql_the_rows_are_there_and_later_calls_are_answered(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(GOOD + b"3\n")
    table = '"shop"."main"."input rows"'
    with closing(duckdb.connect(str(tmp_path / "shop.duckdb"))) as connection:
        register_functions(connection)

        def ask(**options: object) -> dict[str, Any]:
            text = json.dumps({"path": str(path), **options})
            answer = connection.execute("select tierwise_inspect_files(?)", [text]).fetchall()
            report = json.loads(answer[0][0])
            assert isinstance(report, dict)
            return report

        scanned = ask(scan=True, rows_table=table, known_files={"5": {"rows": 1}})
        assert scanned["error"] is None
        assert ask(scan=False) == scanned
        assert ask(scan=False, rows_table="x", known_files={}) == scanned
        found = connection.execute(
            "select row_in_file, raw_sha256 = tierwise_line_sha256(?, line_number) "  # noqa: S608
            f"from {table} order by 1",
            [str(path)],
        ).fetchall()
        assert found == [(1, None), (2, None), (3, True)]


def test_the_hash_of_any_line(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    pieces = ["", "x", "é", "\u4e2d\U0001f600", "longer " * 9, "\n", "\r", "\r\n", "\n"]
    for round_number in range(60):
        text = "".join(rng.choice(pieces, int(rng.integers(1, 900))).tolist())
        codec = ["utf-8", "utf-16-le"][round_number % 2]
        if codec == "utf-16-le":
            text = "\ufeffheader\n" + text
        content = text.encode(codec)
        path = tmp_path / f"{round_number}.csv"
        packed = tmp_path / f"{round_number}.csv.gz"
        path.write_bytes(content)
        packed.write_bytes(gzip.compress(content))
        lines = [line.rstrip("\r\n") for line in io.StringIO(text.lstrip("\ufeff"), newline="")]
        expected = [hashlib.sha256(line.encode(codec)).hexdigest() for line in lines]
        hashes = LineHashes(input_files._recognise_text)  # noqa: SLF001
        for file in (path, packed):
            got = [hashes.sha256(str(file), n) for n in range(len(lines) + 2)]
            assert got == [None, *expected, None], (codec, text)


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_line_ends_at_the_edge_of_a_buffer(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr("tierwise.line_hash._BUFFER_BYTES", size)
    monkeypatch.setattr("tierwise.line_hash._LINES_PER_NOTE", 2)
    content = b"a\r\n\r\nb\rc\n\r\r\nd\n\ne\r\n\r\nf"
    lines = [line.rstrip(b"\r\n") for line in content.splitlines(keepends=True)]
    index = LineIndex(io.BytesIO(content), "latin-1")
    assert index.count == len(lines)
    assert [index.sha256(n + 1) for n in range(len(lines))] == [
        hashlib.sha256(line).hexdigest() for line in lines
    ]


def test_the_hash_of_a_line_that_is_too_long(tmp_path: Path) -> None:
    long = b"9" * (line_reader.MAX_LINE_LENGTH + 5)
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\r\n" + long + b"\r\nb\r\n")
    hashes = LineHashes(input_files._recognise_text)  # noqa: SLF001
    assert hashes.sha256(str(path), 2) == hashlib.sha256(long).hexdigest()
    assert hashes.sha256(str(path), 3) == hashlib.sha256(b"b").hexdigest()


def test_there_is_no_hash_of_what_is_no_line(tmp_path: Path, shop: Shop) -> None:
    hashes = LineHashes(input_files._recognise_text)  # noqa: SLF001
    shop.database.sql("select 1 as id").write_parquet(str(tmp_path / "a.parquet"))
    path = shop.write(GOOD)
    assert hashes.sha256(str(path), 3) == hashlib.sha256(b"2,b,20").hexdigest()
    for file, line in (
        (tmp_path / "none.csv", 1),
        (tmp_path / "a.parquet", 1),
        (tmp_path, 1),
        (path, 0),
        (path, -1),
        (path, 4),
    ):
        assert hashes.sha256(str(file), line) is None
    assert hashes.sha256(None, 1) is None
    assert hashes.sha256(str(path), None) is None
    shop.write(GOOD + b"3,c,30\n")
    assert hashes.sha256(str(path), 4) == hashlib.sha256(b"3,c,30").hexdigest()
    path.unlink()
    assert hashes.sha256(str(path), 3) is None
