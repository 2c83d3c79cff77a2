"""Hashes of single lines of text files, for rows that are set aside long after they were read."""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import threading
import zlib
from array import array
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from tierwise.line_reader import Lines, read_blocks, sha256_of_line

if TYPE_CHECKING:
    from collections.abc import Callable

    # Tells whether a text file is gzipped, and its codec; None if it is no text that is known.
    Recognise = Callable[[str], tuple[bool, str] | None]

# The index notes where every so many lines begin, so that it stays small for any file.
_LINES_PER_NOTE = 16
_BUFFER_BYTES = 1 << 20
_LOOK_UP_LENGTH = 1 << 13
# Compressed files are unpacked to disk as long as they are among the last few asked for.
_MAX_OPEN_FILES = 8


class LineIndex:
    """Where the lines of one text begin; ``count`` of them end at CR, LF, CRLF or the end."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self.stream = stream
        self.encoding = encoding
        self.count = 0
        self._notes = array("Q", [0])
        self._read()

    def _read(self) -> None:
        """Find the line ends, a buffer at a time."""
        width = 2 if self.encoding == "utf-16-le" else 1
        position = 0
        self.stream.seek(0)
        after_cr = False
        ends_with_line_end = True
        while data := self.stream.read(_BUFFER_BYTES):
            units = np.frombuffer(data, dtype=f"<u{width}", count=len(data) // width)
            if not len(units):
                break
            is_cr, is_lf = units == ord("\r"), units == ord("\n")
            if after_cr and is_lf[0]:
                # The second half of CRLF: the line begins one later than noted.
                if self.count % _LINES_PER_NOTE == 0:
                    self._notes[-1] += width
                is_lf[0] = False
            is_end = is_cr.copy()
            is_end[:-1] &= ~is_lf[1:]
            is_end |= is_lf
            starts = np.flatnonzero(is_end) + 1
            first = -(self.count + 1) % _LINES_PER_NOTE
            noted = starts[first::_LINES_PER_NOTE].astype(np.uint64) * np.uint64(width)
            self._notes.frombytes((noted + np.uint64(position)).tobytes())
            self.count += len(starts)
            after_cr = bool(is_cr[-1])
            ends_with_line_end = after_cr or data.endswith("\n".encode(self.encoding))
            position += len(data)
        self.count += not ends_with_line_end

    def sha256(self, line: int) -> str | None:
        """Hash the line, counted from 1, without its end and without a byte order mark."""
        if not 1 <= line <= self.count:
            return None
        self.stream.seek(self._notes[(line - 1) // _LINES_PER_NOTE])
        left = (line - 1) % _LINES_PER_NOTE
        text = io.TextIOWrapper(self.stream, self.encoding, errors="surrogatepass", newline="")
        try:
            for block in read_blocks(text, self.encoding, block_length=_LOOK_UP_LENGTH):
                if not isinstance(block, Lines):
                    if left == 0:
                        return block.sha256
                    left -= 1
                elif left < len(block.lines):
                    found = block.lines[left]
                    return sha256_of_line(
                        found.removeprefix("\ufeff") if line == 1 else found, self.encoding
                    )
                else:
                    left -= len(block.lines)
        finally:
            text.detach()
        return None


class LineHashes:
    """Answers for any line of any file, and keeps the last few files at hand."""

    def __init__(self, recognise: Recognise) -> None:
        self._recognise = recognise
        self._indexes: OrderedDict[tuple[str, int, int], LineIndex | None] = OrderedDict()
        # DuckDB calls from several threads.
        self._lock = threading.Lock()

    def sha256(self, path: str | None, line: int | None) -> str | None:
        """Return the hash, or None if there is no such file, text or line."""
        if path is None or line is None:
            return None
        try:
            status = Path(path).stat()
            with self._lock:
                index = self._index((path, status.st_size, status.st_mtime_ns))
                return None if index is None else index.sha256(line)
        except (OSError, EOFError, ValueError, zlib.error):
            return None

    def _index(self, version: tuple[str, int, int]) -> LineIndex | None:
        if version in self._indexes:
            self._indexes.move_to_end(version)
            return self._indexes[version]
        index = self._open(version[0])
        self._indexes[version] = index
        if len(self._indexes) > _MAX_OPEN_FILES:
            _, oldest = self._indexes.popitem(last=False)
            if oldest is not None:
                oldest.stream.close()
        return index

    def _open(self, path: str) -> LineIndex | None:
        recognised = self._recognise(path)
        if recognised is None:
            return None
        is_gzip, encoding = recognised
        if not is_gzip:
            return LineIndex(Path(path).open("rb"), encoding)
        unpacked = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - kept open
        with gzip.open(path) as content:
            shutil.copyfileobj(content, unpacked, _BUFFER_BYTES)
        return LineIndex(unpacked, encoding)
