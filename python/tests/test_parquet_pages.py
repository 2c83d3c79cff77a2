"""Damage to page headers, which is what makes DuckDB read past its buffers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from tierwise.parquet_pages import ColumnChunk, PageError, verify_pages

# Written by PyArrow 26 with page checksums, 800 rows in two row groups of four columns; the digit
# is the version of the data pages.
FILES = [
    Path(__file__).parent / "data" / f"page_checksums_v{version}.parquet" for version in (1, 2)
]


def chunks_of(path: Path) -> list[ColumnChunk]:
    with closing(duckdb.connect()) as connection:
        rows = connection.execute(
            "select least(data_page_offset, coalesce(dictionary_page_offset, data_page_offset)), "
            "total_compressed_size, num_values, compression from parquet_metadata(?)",
            [str(path)],
        ).fetchall()
    return [ColumnChunk(*row) for row in rows]


def verify(path: Path, content: bytes, folder: Path) -> tuple[int, int]:
    damaged = folder / "damaged.parquet"
    damaged.write_bytes(content)
    with damaged.open("rb") as stream:
        return verify_pages(stream, chunks_of(path))


def zigzag(value: int) -> bytes:
    """A number as the compact protocol writes it."""
    value <<= 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


@pytest.mark.parametrize("path", FILES)
def test_an_undamaged_file_fits(path: Path) -> None:
    with path.open("rb") as stream:
        assert verify_pages(stream, chunks_of(path)) == (16, 0)


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("codec", ["zstd", "snappy", "uncompressed", "gzip"])
def test_what_duckdb_writes_fits_and_has_no_checksums(
    tmp_path: Path, path: Path, codec: str
) -> None:
    copy = tmp_path / "copy.parquet"
    with closing(duckdb.connect()) as connection:
        connection.read_parquet(str(path)).write_parquet(str(copy), compression=codec)  # type: ignore[arg-type]
    with copy.open("rb") as stream:
        verified, unverified = verify_pages(stream, chunks_of(copy))
    assert verified == 0
    assert unverified >= 4


# DuckDB 1.5.6 believes the size in the header of this page (572 bytes of doubles, stored as they
# are), reads on behind its buffer, and crashes now and then.
@pytest.mark.parametrize(("path", "size"), [(FILES[1], 572)])
def test_a_page_that_claims_more_bytes_than_it_holds(tmp_path: Path, path: Path, size: int) -> None:
    content = path.read_bytes()
    claim = b"\x15" + zigzag(size)
    assert content.count(claim + claim) >= 1
    larger = content.replace(claim + claim, b"\x15" + zigzag(2620) + claim, 1)
    with pytest.raises(PageError, match="claims 2620 bytes and holds 572"):
        verify(path, larger, tmp_path)


def test_a_snappy_page_that_claims_more_bytes_than_it_holds(tmp_path: Path) -> None:
    path = FILES[0]
    content = bytearray(path.read_bytes())
    # The dictionary page at byte 4: type 2, then the uncompressed size in two bytes.
    assert content[4:7] == b"\x15\x04\x15"
    content[8] ^= 0x20
    with pytest.raises(PageError, match="page at byte 4 claims"):
        verify(path, bytes(content), tmp_path)


@pytest.mark.parametrize("path", FILES)
def test_every_single_bit_of_the_first_two_headers(tmp_path: Path, path: Path) -> None:
    # Sizes, counts and checksums are checked; page type, encodings and statistics are not.
    content = path.read_bytes()
    found = 0
    for bit in range(19 * 8):
        damaged = bytearray(content)
        damaged[4 + bit // 8] ^= 1 << bit % 8
        try:
            verify(path, bytes(damaged), tmp_path)
        except PageError:
            found += 1
    assert found >= 100


def test_a_page_that_does_not_fit_its_checksum(tmp_path: Path) -> None:
    content = bytearray(FILES[0].read_bytes())
    content[200] ^= 1
    with pytest.raises(PageError, match="page at byte 4 does not fit its checksum"):
        verify(FILES[0], bytes(content), tmp_path)


def test_pages_with_fewer_values_than_the_footer_says() -> None:
    first = chunks_of(FILES[0])[0]
    more = ColumnChunk(first.offset, first.size, first.value_count + 1, first.codec)
    with (
        FILES[0].open("rb") as stream,
        pytest.raises(PageError, match="500 values in its pages and 501 by the footer"),
    ):
        verify_pages(stream, [more])
