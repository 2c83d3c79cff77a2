"""Page checksums of Parquet files, which DuckDB does not verify.

A flipped bit in an uncompressed or Snappy page can decode into other, plausible values. The only
witness is the CRC-32 that a writer may store in each page header; where it is stored, it is checked
here.

Source: Apache Parquet format, ``parquet.thrift`` (struct PageHeader; field 3 is the compressed
size, field 4 the CRC over the page's bytes as stored, header left out) and the Thrift compact
protocol.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPRESSED_SIZE_FIELD = 3
_CRC_FIELD = 4
_CRC_MASK = 0xFFFFFFFF
_HEADER_WINDOW_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 20
_VARINT_MAX_BITS = 70

# Types of the Thrift compact protocol.
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(
    13
)


_LONG_LIST = 15


class PageHeaderError(Exception):
    """The bytes are not a page header."""


class _CompactReader:
    """Reads the few parts of the Thrift compact protocol that a page header needs."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def byte(self) -> int:
        if self.position >= len(self.data):
            raise PageHeaderError("page header runs past its window")
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
                raise PageHeaderError("integer too long")

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
            raise PageHeaderError(f"type {kind} does not occur in a page header")

    def fields(self) -> dict[int, int]:
        """Read one struct; return its 32-bit integers by field number, step over the rest."""
        found: dict[int, int] = {}
        number = 0
        while True:
            lead = self.byte()
            if lead == _STOP:
                return found
            delta, kind = lead >> 4, lead & 0x0F
            number = number + delta if delta else self.zigzag()
            if kind == _I32:
                found[number] = self.zigzag()
            else:
                self.skip(kind)


def verify_page_checksums(stream: BinaryIO, chunks: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Check the CRC of every page that has one.

    Parameters
    ----------
    stream : the Parquet file, seekable.
    chunks : (offset, size) in bytes of each column chunk.

    Returns
    -------
    (pages with a CRC that fits, pages without a CRC).

    Raises
    ------
    ValueError : a page does not fit its CRC; the message names the offset.
    PageHeaderError : a page header cannot be read.
    """
    verified = unverified = 0
    for offset, size in chunks:
        position, end = offset, offset + size
        while position < end:
            stream.seek(position)
            reader = _CompactReader(stream.read(_HEADER_WINDOW_BYTES))
            header = reader.fields()
            length = header.get(_COMPRESSED_SIZE_FIELD, -1)
            start = position + reader.position
            if length < 0 or start + length > end:
                raise PageHeaderError(f"page at byte {position} has no sensible size")
            if _CRC_FIELD not in header:
                unverified += 1
            elif _crc32(stream, start, length) != header[_CRC_FIELD] & _CRC_MASK:
                raise ValueError(f"page at byte {position} does not fit its checksum")
            else:
                verified += 1
            position = start + length
    return verified, unverified


def _crc32(stream: BinaryIO, start: int, length: int) -> int:
    stream.seek(start)
    value = 0
    while length > 0:
        block = stream.read(min(length, _CHUNK_BYTES))
        if not block:
            raise PageHeaderError("page runs past the end of the file")
        value = zlib.crc32(block, value)
        length -= len(block)
    return value
