"""Reading of a text file line by line, where one bad line must not cost the others.

DuckDB reads regular files faster than this and stops at the first row it cannot read. Here every
record becomes a row of a table, good or rejected, with the line it begins on. Values are those
DuckDB would read: an empty field is null with and without quotes, blanks around a quoted field are
dropped, and all others are kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

WHITESPACE = "whitespace"
# DuckDB refuses longer lines (its max_line_size), so no reader here holds them either.
MAX_LINE_LENGTH = 2_000_000
BLANKS = re.compile(r"[ \t]+")

# How far the end of a quoted field is looked for before the quote counts as a stray one.
_MAX_RECORD_LINES = 100
_MAX_RECORD_LENGTH = 1 << 16

_RAW_LENGTH = 2000
_BLOCK_LENGTH = 1 << 19
_BATCH_ROWS = 50_000
_BATCH_LENGTH = 1 << 24
_LINE_END = re.compile(r"(\r\n|\r|\n)")

# Part of the dialect that is stored with the rows: raise it when the same file is to be read anew.
_RULES = 1

_SCHEMA = pa.schema(
    [
        ("row_in_file", pa.int64()),
        ("line_number", pa.int64()),
        ("fields", pa.list_(pa.string())),
        ("row_code", pa.string()),
        ("detail", pa.string()),
        ("raw_line", pa.string()),
        ("raw_sha256", pa.string()),
    ]
)
_COLUMNS = ("file_key", *_SCHEMA.names, "dialect")
_CREATE = """
    create table if not exists {table} (
        file_key bigint,
        row_in_file bigint,
        line_number bigint,
        fields varchar[],
        row_code varchar,
        detail varchar,
        raw_line varchar,
        raw_sha256 varchar,
        dialect varchar
    )
"""


class QuoteRules:
    """How a line with quotes is split: RFC 4180 with any delimiter, quote and escape.

    Unlike Python's ``csv``, a quote inside an unquoted field and text after a closing quote are
    errors, and unlike DuckDB's strict mode the former is one too.
    """

    def __init__(self, delimiter: str, quote: str, escape: str) -> None:
        mark, end = re.escape(quote), re.escape(delimiter)
        if not escape:
            inner = f"[^{mark}]*+"
        elif escape == quote:
            inner = f"[^{mark}]*+(?:{mark}{mark}[^{mark}]*+)*+"
        else:
            sign = re.escape(escape)
            inner = f"[^{mark}{sign}]*+(?:{sign}.[^{mark}{sign}]*+)*+"
        blanks = "" if delimiter == " " else " *+"
        quoted, bare = f"{blanks}{mark}({inner}){mark}{blanks}", f"([^{mark}{end}\r\n]*+)"
        one = f"(?>{quoted}|{bare})"
        self.quote = quote
        self._escaped = re.compile(f"{re.escape(escape)}(.)", re.DOTALL) if escape else None
        self._escape = escape
        self._field = re.compile(f"(?>{quoted}|{bare})({end}|\\Z)", re.DOTALL)
        self._open = re.compile(f"(?:{one}{end})*+{blanks}{mark}{inner}\\Z", re.DOTALL)
        self._whole = re.compile(f"(?:{one}{end})*+{one}[\r\n]*+\\Z", re.DOTALL)

    def fits(self, line: str) -> bool:
        """Tell whether a line, with or without its end, is a whole record by these rules."""
        return self._whole.match(line) is not None

    def is_open(self, text: str) -> bool:
        """Tell whether a text, with its line end, ends inside a quoted field."""
        return self._open.match(text) is not None

    def split(self, record: str) -> list[str] | None:
        """Split a record without its line end; None if the quotes are wrong."""
        fields: list[str] = []
        position = 0
        while True:
            match = self._field.match(record, position)
            if match is None:
                return None
            quoted, bare, end = match.groups()
            if quoted is None:
                fields.append(bare)
            elif self._escaped is not None and self._escape in quoted:
                fields.append(self._escaped.sub(r"\1", quoted))
            else:
                fields.append(quoted)
            if not end:
                return fields
            position = match.end()


@dataclass(frozen=True)
class LineFormat:
    """What a record is: how fields are separated and how many there must be.

    ``encoding`` is the name of the codec; ``quote`` is empty where quotes mean nothing.
    """

    delimiter: str
    quote: str
    escape: str
    encoding: str
    fields: int

    def quote_rules(self) -> QuoteRules | None:
        """Return the rules for lines with quotes, if quotes mean anything."""
        if not self.quote or self.delimiter == WHITESPACE:
            return None
        return QuoteRules(self.delimiter, self.quote, self.escape)


@dataclass
class Lines:
    """Some lines of a text, and the end of each, which is empty where the text ends without."""

    lines: list[str]
    ends: list[str]


class LongLine:
    """A line that is too long to hold: its first characters and its hash."""

    def __init__(self, encoding: str) -> None:
        self.start = ""
        self._encoding = encoding
        self._digest = hashlib.sha256()

    def add(self, piece: str) -> None:
        """Take the next piece of the line."""
        self.start = (self.start + piece[:_RAW_LENGTH])[:_RAW_LENGTH]
        self._digest.update(piece.encode(self._encoding, "surrogatepass"))

    @property
    def sha256(self) -> str:
        """Hash of the line's bytes so far, without a line end."""
        return self._digest.hexdigest()


def read_blocks(
    text: io.TextIOBase,
    encoding: str,
    limit: int = MAX_LINE_LENGTH,
    block_length: int = _BLOCK_LENGTH,
) -> Iterator[Lines | LongLine]:
    """Cut a text into lines at CR, LF and CRLF, without ever holding a line over the limit.

    Parameters
    ----------
    text : opened with ``newline=""``.
    encoding : gives the bytes of a line back, for its hash.
    limit, block_length : in characters.
    """
    rest, long = "", None
    while chunk := text.read(min(block_length, limit)):
        buffer = rest + chunk
        # This may be the first half of CRLF.
        held = "\r" if buffer.endswith("\r") else ""
        block = _cut(buffer.removesuffix(held))
        rest = block.lines.pop()
        if block.lines and (long is not None or len(block.lines[0]) > limit):
            long = long or LongLine(encoding)
            long.add(block.lines.pop(0))
            block.ends.pop(0)
            yield long
            long = None
        if block.lines:
            yield block
        if long is not None or len(rest) > limit:
            long = long or LongLine(encoding)
            long.add(rest)
            rest = ""
        rest += held
    last = rest.removesuffix("\r")
    if long is not None:
        long.add(last)
        yield long
    elif rest:
        yield Lines([last], [rest[len(last) :]])


def _cut(text: str) -> Lines:
    """Cut at line ends; what is left is a last line, without an end."""
    if "\r" not in text:
        lines = text.split("\n")
        return Lines(lines, ["\n"] * (len(lines) - 1))
    pieces = _LINE_END.split(text)
    return Lines(pieces[0::2], pieces[1::2])


def sha256_of_line(line: str, encoding: str) -> str:
    """Hash the bytes of a line without its end."""
    return hashlib.sha256(line.encode(encoding, "surrogatepass")).hexdigest()


@dataclass
class Reject:
    """Why a record was rejected; ``place`` is its place in the batch, from 0."""

    place: int
    line: int
    code: str
    detail: str
    raw_line: str
    raw_sha256: str


@dataclass
class _Batch:
    """Records on their way into the table: ``values`` of the good ones, one after the other."""

    line_numbers: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    length: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.line_numbers) >= _BATCH_ROWS or self.length >= _BATCH_LENGTH

    def as_arrow(self, fields: int, rows_before: int) -> pa.RecordBatch:
        count = len(self.line_numbers)
        good = np.ones(count, dtype=bool)
        good[[reject.place for reject in self.rejects]] = False
        offsets = np.concatenate(([0], np.cumsum(good * fields))).astype(np.int32)
        values = pa.array(self.values, pa.string())
        values = pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
        columns = [
            pa.array(np.arange(rows_before + 1, rows_before + count + 1), pa.int64()),
            pa.array(self.line_numbers, pa.int64()),
            pa.ListArray.from_arrays(
                pa.array(offsets), values, mask=pa.array(np.logical_not(good))
            ),
        ]
        for name in ("code", "detail", "raw_line", "raw_sha256"):
            cells: list[str | None] = [None] * count
            for reject in self.rejects:
                cells[reject.place] = getattr(reject, name)
            columns.append(pa.array(cells, pa.string()))
        return pa.record_batch(columns, schema=_SCHEMA)


class _Reader:
    """Turns blocks of lines into batches of records; ``line`` is the last line taken."""

    def __init__(
        self, blocks: Iterator[Lines | LongLine], line_format: LineFormat, lines_before: int
    ) -> None:
        self.blocks = blocks
        self.format = line_format
        self.line = lines_before
        self.batch = _Batch()
        self.ahead: LongLine | None = None

    def batches(self) -> Iterator[_Batch]:
        """Yield all records; the last batch may be empty."""
        quotes = self.format.quote_rules()
        while block := self._next_block():
            if self.line == 0 and isinstance(block, Lines):
                block.lines[0] = block.lines[0].removeprefix("\ufeff")
            if isinstance(block, LongLine):
                self.line += 1
                detail = f"longer than {MAX_LINE_LENGTH:,} characters"
                self._reject("TOO_LONG", detail, block.start, block.sha256)
            elif self.format.delimiter == WHITESPACE:
                self._read_blanks(block)
            else:
                self._read_lines(block, quotes)
            if self.batch.is_full:
                yield self.batch
                self.batch = _Batch()
        yield self.batch

    def _next_block(self) -> Lines | LongLine | None:
        block, self.ahead = self.ahead, None
        return block or next(self.blocks, None)

    def _read_blanks(self, block: Lines) -> None:
        for line in block.lines:
            self.line += 1
            if stripped := line.strip(" \t"):
                self._add(BLANKS.split(stripped), line)

    def _read_lines(self, block: Lines, quotes: QuoteRules | None) -> None:
        # Most lines have no quote and go no further than this loop.
        delimiter, expected = self.format.delimiter, self.format.fields
        quote = quotes.quote if quotes else "\n"
        values, numbers = self.batch.values, self.batch.line_numbers
        place = 0
        while place < len(block.lines):
            line = block.lines[place]
            self.line += 1
            place += 1
            if quotes is not None and quote in line:
                place = self._read_quoted(block, place - 1, quotes)
                continue
            fields = line.split(delimiter)
            if len(fields) == expected and line:
                values += fields
                numbers.append(self.line)
            elif line:
                self._add(fields, line)
        self.batch.length += sum(map(len, block.lines))

    def _read_quoted(self, block: Lines, place: int, quotes: QuoteRules) -> int:
        """Read the record that begins at a line with a quote; return the place after it."""
        line = block.lines[place]
        fields = quotes.split(line)
        if fields is not None:
            self._add(fields, line)
        elif not quotes.is_open(line + block.ends[place]):
            self._reject_line("ROW_QUOTING", "a quote where none belongs", line)
        else:
            if len(block.lines) - place <= _MAX_RECORD_LINES:
                self._extend(block, place)
                place = 0
            taken = self._add_lines(block, place, quotes)
            if not taken:
                self._reject_line("ROW_QUOTING", "a quote that is not closed", line)
            self.line += taken
            place += taken
        return place + 1

    def _extend(self, block: Lines, place: int) -> None:
        """Drop the lines before the place, and add further ones as far as there are any."""
        del block.lines[:place], block.ends[:place]
        while self.ahead is None and len(block.lines) <= _MAX_RECORD_LINES:
            more = next(self.blocks, None)
            if more is None:
                break
            if isinstance(more, LongLine):
                self.ahead = more
                break
            block.lines += more.lines
            block.ends += more.ends

    def _add_lines(self, block: Lines, place: int, quotes: QuoteRules) -> int:
        """Add the record whose quoted field goes on in the next lines; return how many it took."""
        parts = [block.lines[place], block.ends[place]]
        length = len(parts[0])
        last = min(len(block.lines), place + 1 + _MAX_RECORD_LINES)
        for following in range(place + 1, last):
            line = block.lines[following]
            length += len(line)
            if length > _MAX_RECORD_LENGTH:
                return 0
            parts.append(line)
            if quotes.quote in line:
                record = "".join(parts)
                fields = quotes.split(record)
                if fields is not None and len(fields) == self.format.fields:
                    self._add(fields, record)
                    return following - place
                if fields is not None or not quotes.is_open(record + block.ends[following]):
                    return 0
            parts.append(block.ends[following])
        return 0

    def _add(self, fields: list[str], raw: str) -> None:
        expected = self.format.fields
        if len(fields) == expected:
            batch = self.batch
            batch.values += fields
            batch.line_numbers.append(self.line)
        else:
            noun = "field" if len(fields) == 1 else "fields"
            detail = f"{len(fields)} {noun} instead of {expected}"
            self._reject_line("ROW_FIELD_COUNT", detail, raw)

    def _reject_line(self, code: str, detail: str, raw: str) -> None:
        self._reject(code, detail, raw[:_RAW_LENGTH], sha256_of_line(raw, self.format.encoding))

    def _reject(self, code: str, detail: str, raw_line: str, raw_sha256: str) -> None:
        batch = self.batch
        place = len(batch.line_numbers)
        batch.line_numbers.append(self.line)
        batch.length += len(raw_line)
        batch.rejects.append(Reject(place, self.line, code, detail, raw_line, raw_sha256))


@dataclass
class Stored:
    """What the table holds of a file; ``first_reject`` only of one that was read just now."""

    rows: int
    rejected_rows: int
    first_reject: Reject | None = None


class RowsTable:
    """The table of rows read line by line, and the file in it by key and dialect.

    Parameters
    ----------
    connection : of the database that holds the table; no transaction may be open on it.
    name : quoted and qualified as SQL takes it.
    file_key : see :func:`file_key`.
    dialect : everything besides the bytes of the file that the rows depend on.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        name: str,
        file_key: int,
        dialect: dict[str, object],
    ) -> None:
        self.connection = connection
        self.name = name
        self.file_key = file_key
        self.dialect = json.dumps(dialect | {"rules": _RULES}, sort_keys=True)

    def find(self) -> Stored | None:
        """Return what is stored of the file; it is all of it, being stored in one transaction."""
        self.connection.execute(_CREATE.format(table=self.name))
        rows, rejected = self.connection.execute(
            f"select count(*), count(row_code) from {self.name} where file_key = ? and dialect = ?",  # noqa: S608 - the name comes quoted
            [self.file_key, self.dialect],
        ).fetchall()[0]
        return Stored(rows, rejected) if rows else None

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """Delete the rows of the file in the dialect; what follows is kept only if it goes well."""
        self.connection.begin()
        try:
            self.connection.execute(
                f"delete from {self.name} where file_key = ? and dialect = ?",  # noqa: S608
                [self.file_key, self.dialect],
            )
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()

    def add(self, rows: pa.RecordBatchReader) -> None:
        """Add rows of the file."""
        self.connection.register("tierwise_rows", rows)
        try:
            self.connection.execute(
                f"insert into {self.name} ({', '.join(_COLUMNS)}) "  # noqa: S608
                f"select ?, {', '.join(_COLUMNS[1:-1])}, ? from tierwise_rows",
                [self.file_key, self.dialect],
            )
        finally:
            self.connection.unregister("tierwise_rows")


def file_key(sha256: str) -> int:
    """Return the number of a file by its content, within a bigint."""
    return int(sha256[:15], 16)


def store_records(
    text: io.TextIOBase, line_format: LineFormat, lines_before: int, table: RowsTable
) -> Stored:
    """Read the records of a text into the table, within :meth:`RowsTable.replacing`.

    Parameters
    ----------
    text : opened with ``newline=""``; it raises where the bytes cannot be decoded.
    lines_before : physical lines to pass over, the header among them.
    """
    stored = Stored(0, 0)
    blocks = skip_lines(read_blocks(text, line_format.encoding), lines_before)
    failures: list[Exception] = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for batch in _Reader(blocks, line_format, lines_before).batches():
                rows_before = stored.rows
                stored.first_reject = stored.first_reject or next(iter(batch.rejects), None)
                stored.rows += len(batch.line_numbers)
                stored.rejected_rows += len(batch.rejects)
                yield batch.as_arrow(line_format.fields, rows_before)
        except Exception as error:
            # Arrow would hand on another one.
            failures.append(error)
            raise

    try:
        table.add(pa.RecordBatchReader.from_batches(_SCHEMA, batches()))
    except duckdb.Error:
        if failures:
            raise failures[0] from None
        raise
    return stored


def skip_lines(blocks: Iterator[Lines | LongLine], count: int) -> Iterator[Lines | LongLine]:
    """Leave out the first lines."""
    for block in blocks:
        if count == 0:
            yield block
        elif isinstance(block, LongLine):
            count -= 1
        else:
            skipped = min(count, len(block.lines))
            del block.lines[:skipped], block.ends[:skipped]
            count -= skipped
            if block.lines:
                yield block
