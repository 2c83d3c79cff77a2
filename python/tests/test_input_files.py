"""One test per verdict about a whole input file; every file is written by its test."""

from __future__ import annotations

import gc
import gzip
import importlib
import json
import os
import shutil
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from tierwise import input_files
from tierwise.input_files import (
    MAX_LINE_LENGTH,
    inspect_files,
    inspect_files_json,
    looks_like_data,
    package_file,
    register_functions,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
GOOD = b"order_id,customer_id,ordered_at,amount\no1,c1,2024-01-05,10.00\no2,c2,2024-01-06,20.50\n"
NAMES = ["order_id", "customer_id", "ordered_at", "amount"]


def inspect(path: Path | str, /, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - options of every type
    return inspect_files({"path": str(path), **options})


def refused(path: Path | str, /, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """The error of an inspection; it must name the file."""
    error = inspect(path, **options)["error"]
    assert error is not None
    assert isinstance(error, dict)
    return error


def accepted(path: Path | str, /, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    report = inspect(path, **options)
    assert report["error"] is None
    return report


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def write_parquet(path: Path, query: str = "select 'o1' as order_id, 1.5 as amount") -> Path:
    with closing(duckdb.connect()) as connection:
        connection.sql(query).write_parquet(str(path))
    return path


# What is fine


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.rstrip(b"\n"),
        GOOD.replace(b"order_id,customer_id", b' order_id ,"customer_id"'),
        GOOD + b"\n\n",
    ],
    ids=[
        "plain",
        "mark",
        "crlf",
        "no last line end",
        "blanks and quotes",
        "blank lines at the end",
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("scan", [False, True])
def test_good_text_is_accepted(
    tmp_path: Path, content: bytes, *, compressed: bool, scan: bool
) -> None:
    name = "orders.csv.gz" if compressed else "orders.csv"
    path = write(tmp_path / name, gzip.compress(content) if compressed else content)
    report = accepted(path, scan=scan)
    (file,) = report["files"]
    assert file["format"] == "csv"
    assert file["compression"] == ("gzip" if compressed else None)
    assert file["columns"] == report["columns"] == NAMES
    assert file["rows"] == (2 if scan else None)
    assert file["bytes"] == path.stat().st_size


def test_good_parquet_is_accepted(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "orders.parquet",
        "select range as order_id, {'a': 1, 'b': [2]} as nested, 'x' as \" name \" from range(3)",
    )
    report = accepted(path)
    (file,) = report["files"]
    assert (file["format"], file["rows"]) == ("parquet", 3)
    assert file["columns"] == ["order_id", "nested", "name"]
    assert file["raw_columns"] == ["order_id", "nested", " name "]


def test_columns_may_stand_in_another_order_and_case(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"order_id,amount\n1a,2\n")
    write(tmp_path / "b.csv", b"Amount , ORDER_ID\n2,1b\n")
    report = accepted(tmp_path / "*.csv")
    assert [file["columns"] for file in report["files"]] == [
        ["order_id", "amount"],
        ["Amount", "ORDER_ID"],
    ]


@pytest.mark.parametrize("name", ["a[1].csv", "a*.csv", "a?.csv", "a'b.csv", "订单.csv", "a b.csv"])
def test_odd_file_names_mean_themselves(tmp_path: Path, name: str) -> None:
    write(tmp_path / "a1.csv", b"other\nx\n")
    path = write(tmp_path / name, GOOD)
    (file,) = accepted(path)["files"]
    assert (file["path"], file["rows"]) == (str(path), 2)
    with closing(duckdb.connect()) as connection:
        read = connection.execute("select count(*) from read_csv(?)", [file["read_path"]])
        assert read.fetchall() == [(2,)]


def test_quoted_fields_may_hold_delimiters_line_ends_and_doubled_quotes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b'a,b\n"x,y","line\nend"\n"say ""hi""",2\n')
    assert accepted(path)["files"][0]["rows"] == 2


@pytest.mark.parametrize(
    ("content", "dialect"),
    [
        (GOOD.replace(b",", b";"), {"delimiter": ";"}),
        (GOOD.replace(b",", b"\t"), {"delimiter": "tab"}),
        (GOOD.replace(b",", b"|"), {"delimiter": "|", "quote": "", "escape": ""}),
        (GOOD.replace(b"o1", b"'o''1'"), {"quote": "'", "escape": "'"}),
        (GOOD.replace(b"o1", b'"o\\"1"'), {"escape": "\\"}),
        (b"exported by a shop\n\n" + GOOD, {"skip_lines": 2}),
    ],
)
def test_other_dialects(tmp_path: Path, content: bytes, dialect: dict[str, object]) -> None:
    report = accepted(write(tmp_path / "a.csv", content), csv=dialect)
    assert report["columns"] == NAMES
    assert report["files"][0]["rows"] == 2


def test_a_file_without_header_takes_the_names_of_the_settings(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD.split(b"\n", 1)[1])
    report = accepted(path, csv={"header": False, "column_names": NAMES})
    assert report["columns"] == NAMES
    assert report["files"][0]["rows"] == 2


def test_names_of_the_settings_replace_those_of_the_header(tmp_path: Path) -> None:
    report = accepted(write(tmp_path / "a.csv", GOOD), csv={"column_names": ["a", "b", "c", "d"]})
    assert report["columns"] == ["a", "b", "c", "d"]
    assert report["files"][0]["rows"] == 2


@pytest.mark.parametrize("declared", ["utf-16", "UTF16", "utf-16-le"])
def test_declared_utf_16_is_read(tmp_path: Path, declared: str) -> None:
    content = "\ufeff" + GOOD.decode().replace("c1", "张三")
    path = write(tmp_path / "a.csv", content.encode("utf-16-le"))
    report = accepted(path, csv={"encoding": declared})
    assert report["csv"]["encoding"] == "utf-16"
    assert report["columns"] == NAMES
    assert report["files"][0]["rows"] == 2


@pytest.mark.parametrize("declared", ["latin-1", "ISO-8859-1", "Latin1"])
def test_declared_latin_1_is_read(tmp_path: Path, declared: str) -> None:
    path = write(tmp_path / "a.csv", "name,amount\nJosé,1\n".encode("latin-1"))
    report = accepted(path, csv={"encoding": declared})
    assert report["csv"]["encoding"] == "latin-1"


# Fields separated by blanks

CDNOW = (
    b" customer_id  date cds  dollars\r\n"
    b" 00001 19970101  1   11.77\r\n"
    b"\r\n"
    b" 00002\t19970112  1   12.00\r\n"
)


def test_fields_separated_by_runs_of_blanks(tmp_path: Path) -> None:
    report = accepted(write(tmp_path / "a.txt", CDNOW), csv={"delimiter": "whitespace"})
    assert report["columns"] == ["customer_id", "date", "cds", "dollars"]
    assert report["files"][0]["rows"] == 2


def test_blanks_with_the_header_skipped_and_names_given(tmp_path: Path) -> None:
    dialect = {"delimiter": "whitespace", "header": False, "skip_lines": 1, "column_names": NAMES}
    report = accepted(write(tmp_path / "a.txt", CDNOW), csv=dialect)
    assert report["columns"] == NAMES
    assert report["files"][0]["rows"] == 2


def test_blanks_with_a_field_too_few(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", CDNOW + b" 00003 19970112 1\n")
    error = refused(path, csv={"delimiter": "whitespace"})
    assert (error["code"], error["line"], error["file"]) == ("ROW_FIELD_COUNT", 5, str(path))
    assert "has 3 fields and 4 are expected" in error["message"]


# Missing, empty, unreadable


def test_a_missing_file_names_the_nearest_folder_and_files_that_look_alike(tmp_path: Path) -> None:
    for name in ("orders_2024.csv", "orders_2023.csv", "readme.md"):
        write(tmp_path / name, GOOD)
    error = refused(tmp_path / "order_2024.csv")
    assert error["code"] == "FILE_MISSING"
    assert error["file"] == str(tmp_path / "order_2024.csv")
    assert (
        f"nearest folder that exists is {tmp_path}, which has orders_2024.csv" in error["message"]
    )
    assert "readme" not in error["message"]
    deeper = refused(tmp_path / "no" / "such" / "orders.csv")
    assert f"nearest folder that exists is {tmp_path}, which has" in deeper["message"]


def test_a_glob_that_matches_nothing_names_at_most_five_files(tmp_path: Path) -> None:
    for number in range(9):
        write(tmp_path / f"x{number}.parquet", b"x")
    error = refused(tmp_path / "2024-*" / "*.csv")
    assert error["code"] == "FILE_MISSING"
    assert "matches no file" in error["message"]
    assert error["message"].count(".parquet") == 5


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", GOOD)
    error = refused(tmp_path)
    assert error["code"] == "FILE_MISSING"
    assert (
        f"is a folder, not a file; name the files in it, e.g. {tmp_path}/*.csv" in error["message"]
    )


def test_a_file_without_the_right_to_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.csv", GOOD)
    real_open = Path.open

    def deny(self: Path, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - stands in for Path.open
        if self == path:
            raise PermissionError(13, "Permission denied")
        return real_open(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", deny)
    error = refused(path)
    assert (error["code"], error["file"]) == ("FILE_UNREADABLE", str(path))
    assert "cannot be opened: Permission denied" in error["message"]


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert refused(tmp_path / "a.csv")["code"] == "FILE_FORMAT"


@pytest.mark.parametrize("scan", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.parquet", b""),
        ("a.csv.gz", b""),
        ("a.csv.gz", gzip.compress(b"")),
        ("a.csv", b"\xef\xbb\xbf"),
        ("a.csv", b"\n\r\n  \n"),
    ],
)
def test_an_empty_file(tmp_path: Path, name: str, content: bytes, *, scan: bool) -> None:
    path = write(tmp_path / name, content)
    error = refused(path, scan=scan)
    assert (error["code"], error["file"]) == ("FILE_EMPTY", str(path))


@pytest.mark.parametrize("scan", [False, True])
def test_a_header_without_rows(tmp_path: Path, *, scan: bool) -> None:
    path = write(tmp_path / "a.csv", GOOD.splitlines(keepends=True)[0])
    assert refused(path, scan=scan)["code"] == "FILE_NO_ROWS"
    assert accepted(path, scan=scan, allow_no_rows=True)["columns"] == NAMES
    parquet = write_parquet(tmp_path / "a.parquet", "select 1 as a where false")
    assert refused(parquet, scan=scan)["code"] == "FILE_NO_ROWS"
    assert accepted(parquet, scan=scan, allow_no_rows=True)["files"][0]["rows"] == 0


# Corrupt


def test_a_truncated_gzip_file(tmp_path: Path) -> None:
    content = gzip.compress(GOOD * 2000)
    for length in (len(content) - 1, len(content) - 9, len(content) // 2, 5):
        path = write(tmp_path / "a.csv.gz", content[:length])
        error = refused(path)
        assert (error["code"], error["file"]) == ("FILE_CORRUPT", str(path))


def test_a_gzip_file_with_a_wrong_checksum(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(GOOD))
    content[-6] ^= 1
    assert refused(write(tmp_path / "a.csv.gz", bytes(content)))["code"] == "FILE_CORRUPT"


def test_flipped_bits_in_a_gzip_file_are_always_found(tmp_path: Path) -> None:
    rng = np.random.default_rng(31)
    lines = b"".join(b"o%d,c%d,2024-01-05,%d.50\n" % (n, n % 7, n) for n in range(500))
    content = gzip.compress(GOOD + lines)
    for offset in rng.integers(10, len(content), 40).tolist():
        damaged = bytearray(content)
        damaged[offset] ^= 1 << int(rng.integers(8))
        error = refused(write(tmp_path / "a.csv.gz", bytes(damaged)))
        assert error["code"] in {"FILE_CORRUPT", "FILE_ENCODING", "ROW_FIELD_COUNT"}, offset


def test_gzip_files_put_one_after_the_other_are_one(tmp_path: Path) -> None:
    first, rest = GOOD.split(b"\no2", 1)
    path = write(tmp_path / "a.csv.gz", gzip.compress(first + b"\n") + gzip.compress(b"o2" + rest))
    assert accepted(path)["files"][0]["rows"] == 2


@pytest.mark.parametrize("keep", [4, 100, -1, -4, -60])
def test_a_truncated_parquet_file(tmp_path: Path, keep: int) -> None:
    path = write_parquet(tmp_path / "a.parquet", "select range as a from range(1000)")
    write(path, path.read_bytes()[:keep])
    for scan in (False, True):
        assert refused(path, scan=scan)["code"] == "FILE_CORRUPT"


def test_a_parquet_file_with_a_hole_between_its_marks(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", "select range as a from range(1000)")
    content = path.read_bytes()
    write(path, content[:500] + content[700:])
    assert refused(path)["code"] == "FILE_CORRUPT"


def data_page_bytes(path: Path) -> NDArray[np.int64]:
    """Offsets of all bytes between the first column chunk and the end of the last."""
    with closing(duckdb.connect()) as connection:
        chunks = connection.execute(
            "select least(data_page_offset, coalesce(dictionary_page_offset, data_page_offset)), "
            "total_compressed_size from parquet_metadata(?)",
            [str(path)],
        ).fetchall()
    return np.concatenate([np.arange(start, start + size) for start, size in chunks])


def rows_of(path: Path) -> list[tuple[object, ...]]:
    with closing(duckdb.connect()) as connection:
        return connection.execute("select * from read_parquet(?)", [str(path)]).fetchall()


@pytest.mark.parametrize("version", [1, 2])
def test_flipped_bits_are_found_or_harmless_where_pages_have_checksums(
    tmp_path: Path, version: int
) -> None:
    original = DATA / f"page_checksums_v{version}.parquet"
    assert accepted(original)["files"][0]["has_page_checksums"] is True
    expected, content = rows_of(original), original.read_bytes()
    rng = np.random.default_rng(37 + version)
    found = 0
    for offset in rng.choice(data_page_bytes(original), 150, replace=False).tolist():
        damaged = bytearray(content)
        damaged[offset] ^= 1 << int(rng.integers(8))
        path = write(tmp_path / "a.parquet", bytes(damaged))
        error = inspect(path)["error"]
        if error is None:
            assert rows_of(path) == expected, f"silent damage at byte {offset}"
        else:
            assert error["code"] == "FILE_CORRUPT"
            found += 1
    assert found > 100


def test_flipped_bits_without_checksums_are_found_only_where_decoding_fails(tmp_path: Path) -> None:
    # DuckDB writes no checksums, and Snappy has none: some damage reads as other values, and
    # nothing in the file can tell. The report says so by has_page_checksums.
    original = write_parquet(
        tmp_path / "original.parquet",
        "select 'order ' || range as order_id, 'c' || (range % 50) as customer_id, "
        "(range * 37 % 1000)::decimal(18, 2) as amount from range(3000)",
    )
    assert accepted(original)["files"][0]["has_page_checksums"] is False
    expected, content = rows_of(original), original.read_bytes()
    rng = np.random.default_rng(41)
    outcomes = {"found": 0, "harmless": 0, "silent": 0}
    for offset in rng.choice(data_page_bytes(original), 150, replace=False).tolist():
        damaged = bytearray(content)
        damaged[offset] ^= 1 << int(rng.integers(8))
        path = write(tmp_path / "a.parquet", bytes(damaged))
        error = inspect(path)["error"]
        if error is not None:
            assert error["code"] == "FILE_CORRUPT"
            outcomes["found"] += 1
        else:
            outcomes["harmless" if rows_of(path) == expected else "silent"] += 1
    assert outcomes["found"] >= 5, outcomes


def test_a_flipped_bit_that_count_cannot_see_is_found(tmp_path: Path) -> None:
    original = DATA / "page_checksums_v1.parquet"
    content = bytearray(original.read_bytes())
    content[int(data_page_bytes(original)[-40])] ^= 4
    path = write(tmp_path / "a.parquet", bytes(content))
    with closing(duckdb.connect()) as connection:
        counted = connection.execute("select count(*) from read_parquet(?)", [str(path)]).fetchall()
    assert counted == [(800,)]
    assert inspect(path, scan=False)["error"] is None
    assert refused(path)["code"] == "FILE_CORRUPT"


# Content and name


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.parquet", GOOD, "no Parquet file"),
        ("a.parquet", gzip.compress(GOOD), "gzip-compressed"),
        ("a.csv.gz", GOOD, "not gzip-compressed"),
        ("a.csv", gzip.compress(GOOD), "name it .csv.gz"),
        ("a.csv", b"PK\x03\x04" + bytes(50), "Excel workbook"),
        ("a.csv", b"<!DOCTYPE html><html>", "a web page"),
        ("a.csv", b"SQLite format 3\x00" + bytes(80), "SQLite"),
        ("a.csv", b"a,b\n" + bytes(range(32)) * 20, "binary, not text"),
    ],
)
@pytest.mark.parametrize("scan", [False, True])
def test_content_that_its_name_does_not_say(
    tmp_path: Path, name: str, content: bytes, words: str, *, scan: bool
) -> None:
    path = write(tmp_path / name, content)
    error = refused(path, scan=scan)
    assert (error["code"], error["file"]) == ("FILE_FORMAT", str(path))
    assert words in error["message"]
    assert str(path) in error["message"]


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.parquet.gz"])
def test_parquet_under_another_name(tmp_path: Path, name: str) -> None:
    path = write_parquet(tmp_path / name)
    error = refused(path)
    assert error["code"] == "FILE_FORMAT"
    assert "name it .parquet" in error["message"]


def test_compressed_parquet(tmp_path: Path) -> None:
    content = gzip.compress(write_parquet(tmp_path / "a.parquet").read_bytes())
    assert refused(write(tmp_path / "b.parquet.gz", content))["code"] == "FILE_FORMAT"


def test_text_and_parquet_in_one_glob(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"order_id,amount\no1,1\n")
    write_parquet(tmp_path / "b.parquet")
    error = refused(tmp_path / "*")
    assert error["code"] == "FILE_FORMAT"
    assert "a.csv is csv and" in error["message"]


def test_line_ends_of_two_kinds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD + b"o3,c3,2024-01-07,1\r\n")
    error = refused(path)
    assert error["code"] == "FILE_FORMAT"
    assert "end in more than one way" in error["message"]


# Encoding


@pytest.mark.parametrize(
    ("encoding", "text", "likely"),
    [
        ("utf-16", "name,amount\nJosé,1\n", "utf-16"),
        ("utf-16-le", "name,amount\nJose,1\n" * 5, "utf-16"),
        ("utf-16-be", "name,amount\nJose,1\n" * 5, "utf-16-be"),
        ("utf-32", "name,amount\nJose,1\n", "utf-32"),
        ("gb18030", "客户,金额\n张三,1\n李四,2\n", "gb18030"),
        ("gbk", "customer,amount\nc1,1\n王五,2\n", "gb18030"),
        ("latin-1", "name,amount\nc1,1\nJosé,1\nMüller,2\n", "latin-1"),
        ("latin-1", "naam;prijs\nécole;1\n", "latin-1"),
        ("cp1252", "name,amount\nc1,1\nJosé \u2013 \u201cx\u201d,1\n", "windows-1252"),
    ],
)
def test_text_that_is_not_utf_8_and_not_declared(
    tmp_path: Path, encoding: str, text: str, likely: str
) -> None:
    path = write(tmp_path / "a.csv", text.encode(encoding))
    error = refused(path)
    assert (error["code"], error["file"]) == ("FILE_ENCODING", str(path))
    assert f"it is likely {likely}" in error["message"]
    assert "iconv -f " in error["message"]
    assert ("declare csv.encoding" in error["message"]) == (likely in ("utf-16", "latin-1"))


def test_one_bad_byte_far_down_is_found_with_its_line(tmp_path: Path) -> None:
    row = b"o1,c1,2024-01-05,10.00\n"
    path = write(tmp_path / "a.csv", GOOD + row * 50_000 + b"o,\xe9,2024-01-05,1\n" + row * 9)
    error = refused(path)
    assert (error["code"], error["line"]) == ("FILE_ENCODING", 50_004)


def test_text_that_is_not_what_is_declared(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD)
    error = refused(path, csv={"encoding": "utf-16"})
    assert error["code"] == "FILE_ENCODING"
    assert "likely utf-8" in error["message"]
    marked = write(tmp_path / "b.csv", GOOD.decode().encode("utf-16"))
    assert refused(marked, csv={"encoding": "latin-1"})["code"] == "FILE_ENCODING"
    windows = write(tmp_path / "c.csv", "name,amount\n\u201cx\u201d,1\n".encode("cp1252"))
    error = refused(windows, csv={"encoding": "latin-1"})
    assert error["code"] == "FILE_ENCODING"
    assert "windows-1252" in error["message"]


def test_an_encoding_that_cannot_be_read_is_to_be_converted(tmp_path: Path) -> None:
    error = refused(write(tmp_path / "a.csv", GOOD), csv={"encoding": "gb18030"})
    assert error["code"] == "FILE_ENCODING"
    assert "iconv -f GB18030 -t UTF-8" in error["message"]


# Header


@pytest.mark.parametrize(
    "header",
    [b"536365,2024-01-05,10.00", b"o1,c1,2024-01-05 10:00:00,10.00", b"12/1/2010 8:26,2.55,x"],
)
def test_a_file_without_header(tmp_path: Path, header: bytes) -> None:
    path = write(tmp_path / "a.csv", header + b"\n" + header + b"\n")
    error = refused(path)
    assert (error["code"], error["line"]) == ("SCHEMA_HEADER", 1)
    assert "csv.header: false" in error["message"]
    assert "csv.column_names" in error["message"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["order_id", "amount"], False),
        (["InvoiceNo", "2024"], True),
        (["a", "b", "2024"], False),
        (["", ""], False),
        (["1", "", "", ""], True),
        (["1e5", "-3.5%"], True),
        (["q1", "7-eleven"], False),
        (["20240105", "x"], True),
    ],
)
def test_cells_that_look_like_data(cells: list[str], *, expected: bool) -> None:
    assert looks_like_data(cells) is expected


def test_a_column_without_name(tmp_path: Path) -> None:
    error = refused(write(tmp_path / "a.csv", b"order_id,,amount\no1,x,1\n"))
    assert error["code"] == "SCHEMA_HEADER"
    assert "column 2 has no name" in error["message"]


def test_a_blank_line_above_the_header(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"\n\n" + GOOD)
    error = refused(path)
    assert error["code"] == "SCHEMA_HEADER"
    assert "csv.skip_lines" in error["message"]
    assert accepted(path, csv={"skip_lines": 2})["files"][0]["rows"] == 2


@pytest.mark.parametrize(("sign", "shown"), [(b";", "';'"), (b"\t", r"'\t'"), (b"|", "'|'")])
def test_a_wrong_delimiter_is_recognised(tmp_path: Path, sign: bytes, shown: str) -> None:
    error = refused(write(tmp_path / "a.csv", GOOD.replace(b",", sign)))
    assert error["code"] == "SCHEMA_HEADER"
    assert f"set csv.delimiter: {shown}" in error["message"]


def test_names_of_the_settings_that_do_not_fit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD)
    for dialect, words in (
        ({"header": False}, "list them in csv.column_names"),
        ({"header": False, "column_names": ["a", "b"]}, "lists 2 names and line 1 has 4 fields"),
        ({"header": False, "column_names": ["a", "b", "c", " "]}, "has no name at place 4"),
        ({"header": False, "column_names": [n.upper() for n in NAMES]}, "line 1 is a header"),
    ):
        error = refused(path, csv=dialect)
        assert error["code"] == "SCHEMA_HEADER"
        assert words in error["message"]


@pytest.mark.parametrize(
    "header", [b"amount,id,amount", b"amount,id, Amount ", b'"AMOUNT",id,amount']
)
def test_two_columns_of_one_name(tmp_path: Path, header: bytes) -> None:
    path = write(tmp_path / "a.csv", header + b"\n1,2,3\n")
    error = refused(path)
    assert (error["code"], error["file"]) == ("SCHEMA_DUPLICATE_COLUMN", str(path))


def test_two_columns_of_one_name_in_parquet(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", 'select 1 as amount, 2 as " Amount"')
    assert refused(path)["code"] == "SCHEMA_DUPLICATE_COLUMN"


def test_files_of_one_glob_with_different_columns(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"order_id,amount,note\no1,1,x\n")
    write(tmp_path / "b.csv", b"order_id,amount,channel\no2,2,web\n")
    error = refused(tmp_path / "*.csv")
    assert (error["code"], error["file"]) == ("SCHEMA_DRIFT", str(tmp_path / "b.csv"))
    assert str(tmp_path / "a.csv") in error["message"]
    assert "lacks note and has in addition channel" in error["message"]


# Rows


@pytest.mark.parametrize(
    ("rows", "code", "line"),
    [
        (b"o3,c3,2024-01-07\n", "ROW_FIELD_COUNT", 4),
        (b"o3,c3,2024-01-07,1,9\n", "ROW_FIELD_COUNT", 4),
        (b"o3,c3,2024-01-07,1,234.50\n", "ROW_FIELD_COUNT", 4),
        (b'"o3","c\n3",2024-01-07,1\no4,c4\n', "ROW_FIELD_COUNT", 6),
        (b'o3,"c3,2024-01-07,1\no4,c4,2024-01-07,1\n', "ROW_QUOTING", 4),
        (b'o3,"c3"x,2024-01-07,1\n', "ROW_QUOTING", 4),
        (b'o3,"' + b"c3,2024-01-07,1\n" * 200_000, "ROW_QUOTING|TOO_LONG", 4),
        (b"o3,c3,2024-01-07," + b"9" * (MAX_LINE_LENGTH + 10) + b"\n", "TOO_LONG", 4),
    ],
)
def test_a_row_that_cannot_be_read_is_named_by_line(
    tmp_path: Path, rows: bytes, code: str, line: int
) -> None:
    path = write(tmp_path / "a.csv", GOOD + rows)
    error = refused(path)
    assert error["code"] in code.split("|")
    assert (error["line"], error["file"]) == (line, str(path))
    assert str(path) in error["message"]


def test_the_line_counts_the_lines_skipped_and_a_header_of_two_lines(tmp_path: Path) -> None:
    content = b'exported\n\n"order\nid",amount\no1,1\no2\n'
    error = refused(write(tmp_path / "a.csv", content), csv={"skip_lines": 2})
    assert (error["code"], error["line"]) == ("ROW_FIELD_COUNT", 6)


def test_row_errors_can_be_warnings(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD + b"o3\n")
    report = accepted(path, row_errors="warning")
    (warning,) = report["warnings"]
    assert (warning["code"], warning["line"]) == ("ROW_FIELD_COUNT", 4)
    assert report["files"][0]["rows"] == 2


def test_rows_that_duckdb_would_lose_in_silence_are_missed_by_the_second_count(
    tmp_path: Path,
) -> None:
    # An open quote among the skipped lines makes DuckDB swallow what follows, without an error.
    path = write(tmp_path / "a.csv", b'made,"by\n,us\n' + GOOD)
    error = refused(path, csv={"skip_lines": 2})
    assert error["code"] == "ROW_QUOTING"
    assert "a second count 2" in error["message"]


# Several files


def test_the_same_content_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", GOOD)
    write(tmp_path / "b.csv", GOOD.replace(b"o1", b"o9"))
    write(tmp_path / "c.csv", GOOD)
    write(tmp_path / "d.csv.gz", gzip.compress(GOOD))
    report = accepted(tmp_path / "*")
    first = str(tmp_path / "a.csv")
    assert [file["duplicate_of"] for file in report["files"]] == [None, None, first, first]
    assert [(w["code"], w["duplicate_of"]) for w in report["warnings"]] == [
        ("FILE_DUPLICATE", first)
    ] * 2
    hashes = [file["sha256"] for file in report["files"]]
    assert hashes[0] == hashes[2] != hashes[3]


def test_columns_that_nobody_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD)
    assert accepted(path, known_columns=[*NAMES, "status"])["warnings"] == []
    (warning,) = accepted(path, known_columns=["ORDER_ID", "amount"])["warnings"]
    assert (warning["code"], warning["columns"]) == (
        "SCHEMA_EXTRA_COLUMN",
        ["customer_id", "ordered_at"],
    )


# Options and packages


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (None, "options"),
        ([], "options"),
        ({}, "path"),
        ({"path": ""}, "path"),
        ({"path": 3}, "path"),
        ({"path": "a\0b"}, "path"),
        ({"path": "a", "sacn": True}, "sacn"),
        ({"path": "a", "scan": "yes"}, "scan"),
        ({"path": "a", "row_errors": "ignore"}, "row_errors"),
        ({"path": "a", "csv": []}, "path a"),
        ({"path": "a", "csv": "x"}, "csv"),
        ({"path": "a", "csv": {"delim": ","}}, "csv.delim"),
        ({"path": "a", "csv": {"delimiter": ",,"}}, "csv.delimiter"),
        ({"path": "a", "csv": {"delimiter": "\n"}}, "csv.delimiter"),
        ({"path": "a", "csv": {"quote": ","}}, "csv.quote"),
        ({"path": "a", "csv": {"escape": "ab"}}, "csv.escape"),
        ({"path": "a", "csv": {"skip_lines": -1}}, "csv.skip_lines"),
        ({"path": "a", "csv": {"skip_lines": True}}, "csv.skip_lines"),
        ({"path": "a", "csv": {"header": "true"}}, "header"),
        ({"path": "a", "csv": {"column_names": "a,b"}}, "column_names"),
        ({"path": "a", "csv": {"encoding": 8}}, "csv.encoding"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(options: object, name: str) -> None:
    error = inspect_files(options)["error"]
    assert isinstance(error, dict)
    if name == "path a":  # an empty list of settings counts as none
        assert error["code"] == "FILE_MISSING"
    else:
        assert error["code"] == "SETTING_INVALID"
        assert name in error["message"]


def test_it_never_raises(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for text in (None, "", "{", "null", '"a"'):
        assert json.loads(inspect_files_json(text))["error"]["code"] == "SETTING_INVALID"

    def fail(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(input_files, "_inspect", fail)
    error = refused(write(tmp_path / "a.csv", GOOD))
    assert error["code"] == "INSPECTION_FAILED"
    assert "RuntimeError: out of luck" in error["message"]


def test_a_remote_path_goes_to_the_connection_that_knows_its_secret(tmp_path: Path) -> None:
    asked: list[str] = []

    def connect() -> duckdb.DuckDBPyConnection:
        asked.append("remote")
        return input_files.connect_in_memory()

    options = {"path": "nowhere://bucket/orders.csv"}
    error = inspect_files(options, connect_remote=connect)["error"]
    assert isinstance(error, dict)
    assert error["code"] == "FILE_MISSING"
    assert asked == ["remote"]
    inspect_files({"path": str(tmp_path)}, connect_remote=connect)
    assert asked == ["remote"]


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet"])
def test_remote_files_are_described(name: str) -> None:
    fsspec = importlib.import_module("fsspec")
    memory = fsspec.filesystem("memory")
    if name.endswith(".csv"):
        memory.pipe(f"/{name}", GOOD)
    else:
        memory.pipe(f"/{name}", (DATA / "page_checksums_v1.parquet").read_bytes())

    def connect() -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.register_filesystem(memory)
        return connection

    report = inspect_files({"path": f"memory://{name}"}, connect_remote=connect)
    assert report["error"] is None
    assert report["columns"] == NAMES


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that must not be imported, with a data file."""
    folder = tmp_path / "fake_shop"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    write(folder / "data" / "orders.csv", GOOD)
    write(tmp_path / "secret.csv", GOOD)
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_a_file_in_a_package_is_found_without_importing_it(package: Path) -> None:
    assert package_file("package:fake_shop/data/orders.csv") == str(package / "data/orders.csv")
    report = accepted("package:fake_shop/data/orders.csv")
    assert report["files"][0]["path"] == str(package / "data/orders.csv")
    assert "fake_shop" not in sys.modules


@pytest.mark.parametrize(
    "path",
    [
        "package:fake_shop/data/none.csv",
        "package:fake_shop/data",
        "package:fake_shop",
        "package:fake_shop/",
        "package:fake_shop/../secret.csv",
        "package:fake_shop/data/../../secret.csv",
        "package:fake_shop/data\\..\\..\\secret.csv",
        "package:fake_shop//etc/passwd",
        "package:no_such_package/data/orders.csv",
        "package:fake_shop.data/orders.csv",
        "package:/etc/passwd",
        "fake_shop/data/orders.csv",
        "",
    ],
)
@pytest.mark.usefixtures("package")
def test_what_is_not_a_file_in_a_package(path: str) -> None:
    assert package_file(path) is None
    assert "fake_shop" not in sys.modules


def test_a_missing_package_is_named(package: Path) -> None:
    shutil.rmtree(package)
    error = refused("package:fake_shop/data/orders.csv")
    assert error["code"] == "FILE_MISSING"
    assert "the Python package fake_shop is not installed" in error["message"]


# SQL


def test_the_functions_answer_in_sql_and_see_files_change(tmp_path: Path, package: Path) -> None:
    path = write(tmp_path / "a.csv", GOOD)
    options = json.dumps({"path": str(path)})
    with closing(duckdb.connect()) as connection:
        register_functions(connection)
        cursor = connection.cursor()
        found = cursor.execute(
            "select tierwise_package_file('package:fake_shop/data/orders.csv'), "
            "tierwise_package_file('package:fake_shop/none'), tierwise_package_file(null)"
        ).fetchall()
        assert found == [(str(package / "data" / "orders.csv"), None, None)]

        query = "select tierwise_inspect_files(?) from range(2)"
        answers = cursor.execute(query, [options]).fetchall()
        assert [json.loads(answer)["error"] for (answer,) in answers] == [None, None]
        path.unlink()
        (answer,) = cursor.execute("select tierwise_inspect_files(?)", [options]).fetchall()[0]
        assert json.loads(answer)["error"]["code"] == "FILE_MISSING"
        (answer,) = cursor.execute("select tierwise_inspect_files(null)").fetchall()[0]
        assert json.loads(answer)["error"]["code"] == "SETTING_INVALID"


def test_what_a_scan_found_holds_for_the_run(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", GOOD)
    write(tmp_path / "b.csv", GOOD)
    files = {"path": str(tmp_path / "*.csv")}

    def copies(connection: duckdb.DuckDBPyConnection, *, scan: bool) -> list[str | None]:
        options = json.dumps(files | {"scan": scan})
        answer = connection.execute("select tierwise_inspect_files(?)", [options]).fetchall()[0][0]
        return [file["duplicate_of"] for file in json.loads(answer)["files"]]

    with closing(duckdb.connect()) as connection:
        register_functions(connection)
        assert copies(connection, scan=False) == [None, None]
        assert copies(connection, scan=True) == [None, str(tmp_path / "a.csv")]
        assert copies(connection, scan=False) == [None, str(tmp_path / "a.csv")]
        write(tmp_path / "b.csv", GOOD + b"o3,c3,2024-01-07,1.00\n")
        assert copies(connection, scan=True) == [None, None]
    with closing(duckdb.connect()) as connection:
        register_functions(connection)
        assert copies(connection, scan=False) == [None, None]


def test_the_functions_are_called_for_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    # A call that DuckDB folds or caches would answer for files as they were.
    asked: list[str] = []
    monkeypatch.setattr(input_files, "package_file", asked.append)
    with closing(duckdb.connect()) as connection:
        register_functions(connection)
        connection.execute("select tierwise_package_file('package:a/b') from range(3)").fetchall()
    assert len(asked) == 3


def test_the_functions_do_not_keep_the_database_open(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    connection = duckdb.connect(str(path))
    register_functions(connection)
    connection.execute('select tierwise_inspect_files(\'{"path": "none.csv"}\')').fetchall()
    del connection
    gc.collect()
    # Opening with another configuration fails as long as the first database is open here.
    with closing(duckdb.connect(str(path), read_only=True)) as reader:
        assert reader.execute("select 1").fetchall() == [(1,)]


def test_the_plugin_registers_the_functions() -> None:
    plugin_class = importlib.import_module("tierwise.duckdb_plugin").Plugin

    plugin = plugin_class(name="duckdb_plugin", plugin_config={})
    with closing(duckdb.connect()) as connection:
        plugin.configure_connection(connection)
        assert connection.execute("select tierwise_package_file(null)").fetchall() == [(None,)]
