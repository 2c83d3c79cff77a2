"""Checks of the pages of a Parquet file that DuckDB leaves out.

A flipped bit in an uncompressed or Snappy page can decode into other, plausible values. The only
witness is the CRC-32 that a writer may store in each page header; where it is stored, it is checked
here. A flipped bit in a page header is worse: DuckDB 1.5.6 believes a wrong uncompressed size,
reads past its buffer, and sometimes takes the whole process down. So the sizes and value counts
are checked too, and all of this happens before DuckDB decodes anything.

Source: Apache Parquet format, ``parquet.thrift``. PageHeader: 1 type, 2 uncompressed size,
3 compressed size, 4 CRC over the page's bytes as stored (header left out), 5 data page,
7 dictionary page, 8 data page version 2. DataPageHeader: 1 values. DataPageHeaderV2: 1 values,
5 and 6 bytes of the two kinds of levels (never compressed), 7 is compressed. Snappy: a stream
begins with its decompressed length as a varint (google/snappy, format_description.txt).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

# Fields of PageHeader.
_UNCOMPRESSED_SIZE, _COMPRESSED_SIZE, _CRC, _DATA_PAGE, _DATA_PAGE_V2 = 2, 3, 4, 5, 8
# Fields of both kinds of data page header, and of version 2 alone.
_VALUES, _DEFINITION_BYTES, _REPETITION_BYTES, _IS_COMPRESSED = 1, 5, 6, 7
_CRC_MASK = 0xFFFFFFFF
_HEADER_WINDOW_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 20
_VARINT_MAX_BITS = 70
_VARINT_BYTES = 10

Fields: TypeAlias = "dict[int, int | Fields]"

# Types of the Thrift compact protocol.
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(
    13
)


_LONG_LIST = 15


class PageError(Exception):
    """A page is damaged."""


class _CompactReader:
    """Reads the few parts of the Thrift compact protocol that a page header needs."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def byte(self) -> int:
        if self.position >= len(self.data):
            raise PageError("page header runs past its window")
        value = self.data[self.position]
        self.position += 1
        return value

    def varint(self) -> int:
        result = shift = 0
        while True:
            part = self.byte()
            result |= (part & 0x7F) << shift
            if not part & 0x80:
                return result
            shift += 7
            if shift > _VARINT_MAX_BITS:
                raise PageError("integer too long")

    def zigzag(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def skip(self, kind: int) -> None:
        """Step over a value of the given type."""
        if kind in (_TRUE, _FALSE):
            return
        if kind == _BYTE:
            self.position += 1
        elif kind in (_I16, _I32, _I64):
            self.varint()
        elif kind == _DOUBLE:
            self.position += 8
        elif kind == _BINARY:
            length = self.varint()
            self.position += length
        elif kind == _STRUCT:
            self.fields()
        elif kind in (_LIST, _SET):
            lead = self.byte()
            size = self.varint() if lead >> 4 == _LONG_LIST else lead >> 4
            for _ in range(size):
                self.skip(_BYTE if lead & 0x0F in (_TRUE, _FALSE) else lead & 0x0F)
        else:
            raise PageError(f"type {kind} does not occur in a page header")

    def fields(self) -> Fields:
        """Read one struct: its 32-bit integers, flags and structs by number; step over the rest."""
        found: Fields = {}
        number = 0
        while True:
            lead = self.byte()
            if lead == _STOP:
                return found
            delta, kind = lead >> 4, lead & 0x0F
            number = number + delta if delta else self.zigzag()
            if kind == _I32:
                found[number] = self.zigzag()
            elif kind in (_TRUE, _FALSE):
                found[number] = int(kind == _TRUE)
            elif kind == _STRUCT:
                found[number] = self.fields()
            else:
                self.skip(kind)


@dataclass(frozen=True)
class ColumnChunk:
    """Where one column of one row group lies (bytes), and what the footer says about it."""

    offset: int
    size: int
    value_count: int
    codec: str


def verify_pages(stream: BinaryIO, chunks: Iterable[ColumnChunk]) -> tuple[int, int]:
    """Check size, value count and, where there is one, the CRC of every page.

    Parameters
    ----------
    stream : the Parquet file, seekable.
    chunks : all column chunks of the file.

    Returns
    -------
    (pages with a CRC that fits, pages without a CRC).

    Raises
    ------
    PageError : a page contradicts its header, or a header cannot be read; the message names the
        offset.
    """
    verified = unverified = 0
    for chunk in chunks:
        if chunk.value_count == 0:
            continue
        position, end, values = chunk.offset, chunk.offset + chunk.size, 0
        while position < end:
            stream.seek(position)
            reader = _CompactReader(stream.read(_HEADER_WINDOW_BYTES))
            try:
                header = reader.fields()
            except PageError as error:
                raise PageError(f"page at byte {position}: {error}") from error
            start = position + reader.position
            length = _integer(header, _COMPRESSED_SIZE, -1)
            if length < 0 or start + length > end:
                raise PageError(f"page at byte {position} runs past its column")
            if _CRC not in header:
                unverified += 1
            elif _crc32(stream, start, length) != _integer(header, _CRC) & _CRC_MASK:
                raise PageError(f"page at byte {position} does not fit its checksum")
            else:
                verified += 1
            _check_size(stream, start, header, chunk, position)
            values += _value_count(header)
            position = start + length
        if values != chunk.value_count:
            raise PageError(
                f"column chunk at byte {chunk.offset} has {values} values in its pages and "
                f"{chunk.value_count} by the footer"
            )
    return verified, unverified


def _integer(fields: Fields, number: int, default: int = 0) -> int:
    value = fields.get(number, default)
    if not isinstance(value, int):
        raise PageError(f"field {number} is not a number")
    return value


def _struct(fields: Fields, number: int) -> Fields:
    value = fields.get(number, {})
    if not isinstance(value, dict):
        raise PageError(f"field {number} is not a struct")
    return value


def _value_count(header: Fields) -> int:
    """Values in a data page, NULLs included; 0 for a dictionary or index page."""
    return sum(_integer(_struct(header, kind), _VALUES) for kind in (_DATA_PAGE, _DATA_PAGE_V2))


def _check_size(
    stream: BinaryIO, start: int, header: Fields, chunk: ColumnChunk, position: int
) -> None:
    """Compare the uncompressed size with what the stored bytes say, where they do say it."""
    claimed, stored = _integer(header, _UNCOMPRESSED_SIZE, -1), _integer(header, _COMPRESSED_SIZE)
    second = _struct(header, _DATA_PAGE_V2)
    levels = _integer(second, _DEFINITION_BYTES) + _integer(second, _REPETITION_BYTES)
    if chunk.codec == "UNCOMPRESSED" or not _integer(second, _IS_COMPRESSED, 1):
        actual = stored
    elif chunk.codec == "SNAPPY" and stored > levels:
        stream.seek(start + levels)
        actual = levels + _CompactReader(stream.read(_VARINT_BYTES)).varint()
    else:
        return
    if levels > stored or claimed != actual:
        raise PageError(f"page at byte {position} claims {claimed} bytes and holds {actual}")


def _crc32(stream: BinaryIO, start: int, length: int) -> int:
    stream.seek(start)
    value = 0
    while length > 0:
        block = stream.read(min(length, _CHUNK_BYTES))
        if not block:
            raise PageError("page runs past the end of the file")
        value = zlib.crc32(block, value)
        length -= len(block)
    return value
