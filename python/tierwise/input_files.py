"""Inspection of input files before any model reads them: every verdict that concerns a whole file.

:func:`inspect_files` answers which files a path or glob means, what format and columns they have,
and the first thing that is wrong with them, in words that name the file, the line and the cure.
Contents are streamed, never loaded whole. CSV files are read twice: by Python, which checks the
encoding and counts records, and by DuckDB, which is the reader the models use; the two must agree.
Where they do not, or a row is bad, :mod:`tierwise.line_reader` stores all rows of the file in a
table that is read instead, if the options name one.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import hashlib
import importlib.util
import io
import json
import os
import re
import stat
import weakref
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import duckdb
from duckdb.func import FunctionNullHandling, PythonUDFType

from tierwise.line_hash import LineHashes
from tierwise.line_reader import (
    BLANKS,
    MAX_LINE_LENGTH,
    WHITESPACE,
    LineFormat,
    Reject,
    RowsTable,
    file_key,
    store_records,
)
from tierwise.parquet_pages import ColumnChunk, PageError, verify_pages

if TYPE_CHECKING:
    from _csv import Reader

Connect = Callable[[], duckdb.DuckDBPyConnection]

PACKAGE_PREFIX = "package:"
REPORTED_REJECTS = 1000
_SAMPLE_BYTES = 1 << 16
_BUFFER_BYTES = 1 << 20
_MAX_LISTED_NAMES = 5
_MAX_FOLDER_ENTRIES = 10_000
_BINARY_SHARE = 0.01
_FEW_ZEROS = 8
_LINES_TO_GUESS_FROM = 500

# Names under which people declare the three encodings that DuckDB reads without an extension.
_ENCODINGS = {
    "utf8": "utf-8",
    "utf8sig": "utf-8",
    "ascii": "utf-8",
    "utf16": "utf-16",
    "utf16le": "utf-16",
    "latin1": "latin-1",
    "iso88591": "latin-1",
}

_PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC = b"\x1f\x8b"
_FOREIGN_MAGIC = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"PARE", "an encrypted Parquet file"),
    (b"\x28\xb5\x2f\xfd", "Zstandard-compressed"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ", "xz-compressed"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3", "a SQLite database"),
    (b"%PDF", "a PDF document"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
)
# The UTF-32 mark begins with the UTF-16 one, so it comes first.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_WILDCARD = re.compile(r"[*?\[]")
_NUMBER_OR_DATE = re.compile(
    r"""[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?
      | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?""",
    re.VERBOSE,
)
_NOT_LATIN_1 = re.compile("[\x80-\x9f]")

_CSV_SCAN = """
    select count(*), bit_xor(hash(records))
    from read_csv(
        ?, auto_detect = false, header = ?, delim = ?, quote = ?, escape = ?, skip = ?,
        encoding = ?, columns = ?, compression = ?, all_varchar = true, strict_mode = true,
        store_rejects = true, rejects_limit = ?,
        rejects_table = 'tierwise_rejects', rejects_scan = 'tierwise_reject_scans'
    ) as records
"""
_CSV_REJECTS = """
    select line, error_type, error_message from tierwise_rejects order by line, byte_position
"""
# What the models read of a file whose fields are separated by runs of blanks.
_LINES_SCAN = """
    select count(*)
    from read_csv(
        ?, auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', skip = ?,
        encoding = ?, columns = {'line': 'VARCHAR'}, compression = ?, all_varchar = true
    )
    where trim(line, ' \t\r') <> ''
"""
_PARQUET_SCAN = "select count(*), bit_xor(hash(records)) from read_parquet(?) as records"
_PARQUET_CHUNKS = """
    select
        least(data_page_offset, coalesce(nullif(dictionary_page_offset, 0), data_page_offset)),
        total_compressed_size,
        num_values,
        compression
    from parquet_metadata(?)
"""


class InputFileError(Exception):
    """A reason to refuse the input, with its code, file, line, and a message with the cure."""

    def __init__(
        self, code: str, message: str, *, file: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.file = file
        self.line = line

    def as_dict(self) -> dict[str, object]:
        """Return the four parts under the keys of the report."""
        return {"code": self.code, "file": self.file, "line": self.line, "message": self.message}


@dataclass(frozen=True)
class CsvDialect:
    """How the text files are written; ``encoding`` is the name DuckDB knows.

    ``delimiter`` is one character or the word ``whitespace``. Empty ``quote`` means no quoting.
    ``column_names`` replace the names in the header, or stand in for a missing one.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    column_names: tuple[str, ...] | None = None
    encoding: str = "utf-8"
    skip_lines: int = 0

    @property
    def python_encoding(self) -> str:
        """Name of the codec that strictly decodes what DuckDB decodes."""
        return {"utf-8": "utf-8-sig", "utf-16": "utf-16-le", "latin-1": "latin-1"}[self.encoding]

    def lines_of(self, fields: int) -> LineFormat:
        """Say how lines of so many fields are read one by one."""
        encoding = self.python_encoding.removesuffix("-sig")
        return LineFormat(self.delimiter, self.quote, self.escape, encoding, fields)


@dataclass(frozen=True)
class KnownFile:
    """What an earlier scan found, see :class:`FileReport`."""

    rows: int | None
    rejected_rows: int | None
    line_by_line: bool
    first_line: int | None


@dataclass(frozen=True)
class Options:
    """What to inspect, and how far to go."""

    path: str
    csv: CsvDialect = field(default_factory=CsvDialect)
    scan: bool = True
    allow_no_rows: bool = False
    row_errors_are_warnings: bool = False
    known_columns: tuple[str, ...] | None = None
    rows_table: str | None = None
    known_files: Mapping[str, KnownFile] = field(default_factory=dict)


@dataclass
class FileReport:
    """What is known about one file; ``rows``, ``sha256`` and all that follows only after a scan.

    ``columns`` are trimmed, ``raw_columns`` are the names as the file spells them. ``read_path``
    is the path for ``read_csv`` and ``read_parquet``, which would take ``a[1].csv`` for a glob.
    Of a text file that is to be read from the table of rows ``line_by_line`` is true; ``rows``
    then counts ``rejected_rows`` too. ``first_line`` is the line of the first record; unless the
    file is read line by line, it is there only if each record is one line and follows the other.
    ``key`` is the file's number in the table, and ``known`` says that the scan was an earlier one.
    """

    path: str
    bytes: int | None
    format: str
    compression: str | None = None
    columns: list[str] = field(default_factory=list)
    raw_columns: list[str] = field(default_factory=list)
    rows: int | None = None
    sha256: str | None = None
    has_page_checksums: bool | None = None
    duplicate_of: str | None = None
    content_sha256: str | None = None
    rejected_rows: int | None = None
    line_by_line: bool | None = None
    first_line: int | None = None
    rows_dialect: str | None = None
    known: bool = False

    @property
    def key(self) -> int | None:
        """Number of the file by its content."""
        return None if self.sha256 is None else file_key(self.sha256)

    def as_dict(self) -> dict[str, object]:
        """Return everything but the hash of the decompressed content."""
        shown = {name: value for name, value in vars(self).items() if name != "content_sha256"}
        read_path = self.path if _is_remote(self.path) else _literal_path(self.path)
        return shown | {"read_path": read_path, "key": self.key}


def connect_in_memory() -> duckdb.DuckDBPyConnection:
    """Open an empty database of its own, so that an inspection never touches the caller's."""
    return duckdb.connect(
        ":memory:",
        config={"autoinstall_known_extensions": "false", "preserve_insertion_order": "false"},
    )


def package_file(path: str) -> str | None:
    """Find a data file inside an installed package, without importing the package.

    Parameters
    ----------
    path : ``package:<top-level package>/<path inside it>``.

    Returns
    -------
    The absolute path, or None if the package is not installed, has no such file, or the path
    does not have this form or contains a ``..`` segment.
    """
    if not path.startswith(PACKAGE_PREFIX):
        return None
    package, _, inner = path.removeprefix(PACKAGE_PREFIX).partition("/")
    segments = PurePosixPath(inner.replace("\\", "/"))
    if not package.isidentifier() or not inner or segments.is_absolute() or ".." in segments.parts:
        return None
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        candidate = Path(folder).absolute() / segments
        if candidate.is_file():
            return str(candidate)
    return None


def inspect_files_json(
    options_json: str | None,
    connect: Connect = connect_in_memory,
    connect_remote: Connect | None = None,
) -> str:
    """Do as :func:`inspect_files`, from and to JSON text; never raises."""
    try:
        options = json.loads(options_json or "")
    except ValueError as error:
        failure = InputFileError("SETTING_INVALID", f"the options are not JSON: {error}")
        report = _report([], [], failure, CsvDialect())
    else:
        report = inspect_files(options, connect, connect_remote)
    text = json.dumps(report, ensure_ascii=False)
    # A file name that is not UTF-8 reaches Python as lone surrogates, which SQL text cannot hold.
    return text.encode("utf-8", "replace").decode("utf-8")


def inspect_files(
    options: object,
    connect: Connect = connect_in_memory,
    connect_remote: Connect | None = None,
) -> dict[str, object]:
    """Inspect the files behind a path or glob; never raises.

    Parameters
    ----------
    options : mapping with ``path``, ``csv`` (see :class:`CsvDialect`), ``scan``, and optionally
        ``allow_no_rows``, ``row_errors`` ('error' or 'warning'), ``known_columns``, ``rows_table``
        (quoted name of the table for files that are read line by line) and ``known_files``
        (key of a file as text to its :class:`KnownFile`: it is not scanned again).
    connect : opens the DuckDB connection that reads local files; it is closed afterwards.
    connect_remote : the same for remote paths and the table of rows, where secrets, file systems
        and databases are attached.

    Returns
    -------
    ``files`` (list of :class:`FileReport` as mappings), ``columns`` of the first file, ``csv``
    (the dialect, normalised to what DuckDB takes), ``warnings`` and ``error`` (None or a mapping
    with code, file, line, message).
    """
    files: list[FileReport] = []
    warnings: list[dict[str, object]] = []
    dialect = CsvDialect()
    failure: InputFileError | None = None
    try:
        parsed = parse_options(options)
        dialect = parsed.csv
        opener = connect_remote if connect_remote and _is_remote(parsed.path) else connect
        with closing(opener()) as connection:
            _inspect(parsed, _Databases(connection, connect_remote or connect), files, warnings)
    except InputFileError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - the caller is SQL: whatever happens must be said in the report
        message = f"the inspection itself failed: {type(error).__name__}: {_first_line(error)}"
        failure = InputFileError("INSPECTION_FAILED", message)
    return _report(files, warnings, failure, dialect)


@dataclass(frozen=True)
class _Databases:
    """The connection that reads, and how to open the one that holds the table of rows."""

    reader: duckdb.DuckDBPyConnection
    connect_rows: Connect


def _report(
    files: list[FileReport],
    warnings: list[dict[str, object]],
    failure: InputFileError | None,
    dialect: CsvDialect,
) -> dict[str, object]:
    names = dialect.column_names
    return {
        "files": [file.as_dict() for file in files],
        "columns": files[0].columns if files else [],
        "csv": vars(dialect) | {"column_names": list(names) if names is not None else None},
        "warnings": warnings,
        "error": failure.as_dict() if failure else None,
    }


def register_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Register ``tierwise_package_file``, ``tierwise_inspect_files``, ``tierwise_line_sha256``.

    The first two take and return text; the third takes a path and a line and returns the SHA-256
    of the bytes of that line without its end, or null if there is no such file, text or line.
    They count as having side effects, because the same call can answer differently once the files
    have changed: DuckDB must neither fold nor cache them.

    What a scan found answers later calls about the same files without one, for as long as the
    connection lives: a run reads the files that were checked at its start, each copy once.
    """
    reference = weakref.ref(connection)
    scanned: dict[str, str] = {}

    def connect_remote() -> duckdb.DuckDBPyConnection:
        # Secrets and registered file systems live in the caller's database. A weak reference,
        # because the function must not keep its own connection (and the file lock) alive.
        caller = reference()
        return connect_in_memory() if caller is None else caller.cursor()

    def find_package_file(path: str | None) -> str | None:
        return None if path is None else package_file(path)

    def inspect(options_json: str | None) -> str:
        files, scan = _without_scan(options_json)
        if not scan and files in scanned:
            return scanned[files]
        report = inspect_files_json(options_json, connect_remote=connect_remote)
        if scan:
            scanned[files] = report
        return report

    text_to_text: dict[str, Callable[[str | None], str | None]] = {
        "tierwise_package_file": find_package_file,
        "tierwise_inspect_files": inspect,
    }
    for name, function in text_to_text.items():
        connection.create_function(
            name,
            function,
            ["VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.NATIVE,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )
    connection.create_function(
        "tierwise_line_sha256",
        LineHashes(_recognise_text).sha256,
        ["VARCHAR", "BIGINT"],
        "VARCHAR",
        type=PythonUDFType.NATIVE,
        null_handling=FunctionNullHandling.SPECIAL,
        side_effects=True,
    )


def _without_scan(options_json: str | None) -> tuple[str, bool]:
    """Split the options into a text that names the files, and whether they are to be scanned."""
    try:
        options = json.loads(options_json or "null")
    except json.JSONDecodeError:
        options = None
    if not isinstance(options, dict):
        return options_json or "", False
    scan = options.pop("scan", True)
    # These say how to scan, not what is there.
    options.pop("rows_table", None)
    options.pop("known_files", None)
    return json.dumps(options, sort_keys=True), scan is True


# Options


def parse_options(options: object) -> Options:
    """Turn a mapping into options.

    Raises
    ------
    InputFileError : SETTING_INVALID with the name of the option, FILE_MISSING for a package that
        is not there, FILE_ENCODING for an encoding DuckDB cannot read.
    """
    values = _mapping(options, "options")
    known = {"path", "csv", "scan", "allow_no_rows", "row_errors", "known_columns"}
    _refuse_unknown(values, known | {"rows_table", "known_files"}, "")
    path = values.get("path")
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise InputFileError("SETTING_INVALID", f"path must be a file or a glob, got {path!r}")
    row_errors = values.get("row_errors", "error")
    if row_errors not in ("error", "warning"):
        raise InputFileError(
            "SETTING_INVALID", f"row_errors must be 'error' or 'warning', got {row_errors!r}"
        )
    rows_table = values.get("rows_table")
    if rows_table is not None and (not isinstance(rows_table, str) or not rows_table.strip()):
        raise InputFileError(
            "SETTING_INVALID", f"rows_table must be the name of a table, got {rows_table!r}"
        )
    return Options(
        path=_resolve(path),
        csv=_parse_dialect(values.get("csv") or {}),
        scan=_flag(values, "scan", default=True),
        allow_no_rows=_flag(values, "allow_no_rows", default=False),
        row_errors_are_warnings=row_errors == "warning",
        known_columns=_names(values, "known_columns"),
        rows_table=rows_table,
        known_files=_parse_known_files(values.get("known_files") or {}),
    )


def _parse_known_files(options: object) -> dict[str, KnownFile]:
    known: dict[str, KnownFile] = {}
    for key, entry in _mapping(options, "known_files").items():
        facts = _mapping(entry, f"known_files.{key}")
        names = {"rows", "rejected_rows", "line_by_line", "first_line"}
        _refuse_unknown(facts, names, f"known_files.{key}.")
        known[str(key)] = KnownFile(
            rows=_count(facts, "rows"),
            rejected_rows=_count(facts, "rejected_rows"),
            line_by_line=_flag(facts, "line_by_line", default=False),
            first_line=_count(facts, "first_line"),
        )
    return known


def _count(values: Mapping[str, object], name: str) -> int | None:
    value = values.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise InputFileError("SETTING_INVALID", f"{name} must be a whole number, got {value!r}")
    return value


def _resolve(path: str) -> str:
    """Turn ``package:`` paths into real ones and drop ``file://``."""
    if not path.startswith(PACKAGE_PREFIX):
        return path.removeprefix("file://")
    found = package_file(path)
    if found is None:
        package = path.removeprefix(PACKAGE_PREFIX).partition("/")[0]
        raise InputFileError(
            "FILE_MISSING",
            f"{path} was not found: the Python package {package} is not installed or has no such "
            "file; install it into the environment that runs dbt, or set the path to a file",
            file=path,
        )
    return found


def _parse_dialect(options: object) -> CsvDialect:
    values = _mapping(options, "csv")
    known = {"delimiter", "quote", "escape", "header", "column_names", "encoding", "skip_lines"}
    _refuse_unknown(values, known, "csv.")
    delimiter = _text(values, "delimiter", ",")
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if delimiter != WHITESPACE and (len(delimiter) != 1 or delimiter in "\r\n"):
        raise InputFileError(
            "SETTING_INVALID",
            f"csv.delimiter must be one character or the word {WHITESPACE}, got {delimiter!r}",
        )
    quote, escape = _text(values, "quote", '"'), _text(values, "escape", '"')
    for name, value in (("quote", quote), ("escape", escape)):
        if len(value) > 1 or value in ("\r", "\n") or (value and value == delimiter):
            raise InputFileError(
                "SETTING_INVALID",
                f"csv.{name} must be empty or one character other than the delimiter, "
                f"got {value!r}",
            )
    skip_lines = values.get("skip_lines")
    skip_lines = 0 if skip_lines is None else skip_lines
    if not isinstance(skip_lines, int) or isinstance(skip_lines, bool) or skip_lines < 0:
        raise InputFileError(
            "SETTING_INVALID", f"csv.skip_lines must be a whole number from 0, got {skip_lines!r}"
        )
    dialect = CsvDialect(
        delimiter=delimiter,
        quote=quote,
        escape=escape if quote else "",
        header=_flag(values, "header", default=True),
        column_names=_names(values, "column_names"),
        encoding=_parse_encoding(_text(values, "encoding", "utf-8")),
        skip_lines=skip_lines,
    )
    if not dialect.header and not dialect.column_names:
        raise InputFileError(
            "SCHEMA_HEADER",
            "with csv.header: false the columns have no names; list them in csv.column_names",
        )
    return dialect


def _parse_encoding(name: str) -> str:
    known = _ENCODINGS.get(re.sub(r"[^a-z0-9]", "", name.lower()))
    if known is None:
        raise InputFileError(
            "FILE_ENCODING",
            f"encoding {name!r} is declared, and only utf-8, utf-16 (little-endian) and latin-1 "
            f"can be read; convert the file, e.g. {_conversion(name, 'FILE')}",
        )
    return known


def _conversion(encoding: str, file: str) -> str:
    name = {"latin-1": "LATIN1", "utf-16-be": "UTF-16BE"}.get(encoding.lower(), encoding.upper())
    return f"`iconv -f {name} -t UTF-8 {file} > {file}.utf8`"


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InputFileError("SETTING_INVALID", f"{name} must be a mapping, got {value!r}")
    return value


def _refuse_unknown(values: Mapping[str, object], known: set[str], prefix: str) -> None:
    for name in values:
        if name not in known:
            raise InputFileError(
                "SETTING_INVALID",
                f"{prefix}{name} is not an option; known are {', '.join(sorted(known))}",
            )


def _flag(values: Mapping[str, object], name: str, *, default: bool) -> bool:
    value = values.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InputFileError("SETTING_INVALID", f"{name} must be true or false, got {value!r}")
    return value


def _text(values: Mapping[str, object], name: str, default: str) -> str:
    value = values.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise InputFileError("SETTING_INVALID", f"csv.{name} must be text, got {value!r}")
    return value


def _names(values: Mapping[str, object], name: str) -> tuple[str, ...] | None:
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise InputFileError("SETTING_INVALID", f"{name} must be a list of names, got {value!r}")
    return tuple(value)


# All files of one path


def _is_remote(path: str) -> bool:
    return _REMOTE.match(path) is not None


def _inspect(
    options: Options,
    databases: _Databases,
    files: list[FileReport],
    warnings: list[dict[str, object]],
) -> None:
    """Fill files and warnings; raise InputFileError at the first thing that is wrong."""
    for path in _matches(options.path, databases.reader):
        if _is_remote(path):
            report = _inspect_remote(path, options, databases.reader)
        else:
            report = _inspect_local(path, options, databases, warnings)
        files.append(report)
        _refuse_bad_names(report)
        _compare(files[0], report)
    _mark_duplicates(files, warnings)
    _note_extra_columns(files[0], options, warnings)


def _matches(path: str, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """List the files DuckDB would read for this path, sorted; an existing name is no glob."""
    if not _is_remote(path) and os.path.isfile(path):  # noqa: PTH113 - False where Path raises
        return [path]
    try:
        rows = connection.execute("select file from glob(?)", [path]).fetchall()
    except duckdb.Error as error:
        raise InputFileError(
            "FILE_MISSING", f"{path} cannot be listed: {_first_line(error)}", file=path
        ) from error
    found = sorted(str(row[0]) for row in rows)
    if not found and _is_remote(path) and not _WILDCARD.search(path):
        return [path]
    if not found:
        raise InputFileError("FILE_MISSING", _missing_message(path), file=path)
    return found


def _missing_message(path: str) -> str:
    if _is_remote(path):
        return f"{path} matches no file; check the path and the secret that opens it"
    target = Path(path).expanduser()
    if target.is_dir():
        return (
            f"{path} is a folder, not a file; name the files in it, e.g. "
            f"{target / '*.csv'}{_listing(target, '*')}"
        )
    is_glob = _WILDCARD.search(path) is not None
    folder = target.parent
    while _WILDCARD.search(str(folder)) or not folder.is_dir():
        if folder == folder.parent:
            break
        folder = folder.parent
    what = "matches no file" if is_glob else "does not exist"
    return (
        f"{path} {what}; the nearest folder that exists is {folder.absolute()}"
        f"{_listing(folder, target.name)}"
    )


def _listing(folder: Path, name: str) -> str:
    """Name up to five files of the folder that look like the name; else its data files."""
    try:
        entries = [entry.name for entry in islice(folder.iterdir(), _MAX_FOLDER_ENTRIES)]
    except OSError:
        return ""
    lowered = {entry.lower(): entry for entry in sorted(entries)}
    wanted = _WILDCARD.sub("", name).lower()
    alike = difflib.get_close_matches(wanted, lowered, n=_MAX_LISTED_NAMES, cutoff=0.6)
    data = [
        entry
        for entry in lowered
        if entry.endswith((".csv", ".csv.gz", ".parquet", ".txt", ".tsv"))
    ]
    shown = [lowered[entry] for entry in alike or data[:_MAX_LISTED_NAMES]]
    if not shown:
        return ", with no data file in it; check the path"
    return f", which has {', '.join(shown)}; did you mean one of these?"


def _refuse_bad_names(report: FileReport) -> None:
    seen: dict[str, str] = {}
    for name in report.columns:
        earlier = seen.get(name.casefold())
        if earlier is not None:
            raise InputFileError(
                "SCHEMA_DUPLICATE_COLUMN",
                f"two columns are called {name!r} (case and outer spaces do not count"
                f"{'' if earlier == name else f'; the other is spelt {earlier!r}'}); rename one",
                file=report.path,
            )
        seen[name.casefold()] = name


def _compare(first: FileReport, report: FileReport) -> None:
    """Refuse a file whose format or set of columns differs from the first file's."""
    if report.format != first.format:
        raise InputFileError(
            "FILE_FORMAT",
            f"{first.path} is {first.format} and {report.path} is {report.format}; one input must "
            "be all CSV or all Parquet: narrow the glob",
            file=report.path,
        )
    expected = {name.casefold(): name for name in first.columns}
    got = {name.casefold(): name for name in report.columns}
    missing = [name for key, name in expected.items() if key not in got]
    extra = [name for key, name in got.items() if key not in expected]
    if missing or extra:
        parts = [
            f"{label} {', '.join(names)}"
            for label, names in (("lacks", missing), ("has in addition", extra))
            if names
        ]
        raise InputFileError(
            "SCHEMA_DRIFT",
            f"{report.path} {' and '.join(parts)}, compared with {first.path}; give all files of "
            "one input the same columns, or narrow the glob",
            file=report.path,
        )


def _mark_duplicates(files: list[FileReport], warnings: list[dict[str, object]]) -> None:
    """Point files with the same content (after decompression) at the first of them."""
    first_with: dict[str, str] = {}
    for file in files:
        if file.content_sha256 is None:
            continue
        original = first_with.setdefault(file.content_sha256, file.path)
        if original != file.path:
            file.duplicate_of = original
            warnings.append(
                {
                    "code": "FILE_DUPLICATE",
                    "file": file.path,
                    "duplicate_of": original,
                    "message": f"{file.path} has the same content as {original}; read it once",
                }
            )


def _note_extra_columns(
    first: FileReport, options: Options, warnings: list[dict[str, object]]
) -> None:
    if options.known_columns is None:
        return
    known = {name.strip().casefold() for name in options.known_columns}
    extra = [name for name in first.columns if name.casefold() not in known]
    if extra:
        warnings.append(
            {
                "code": "SCHEMA_EXTRA_COLUMN",
                "file": first.path,
                "columns": extra,
                "message": f"these columns are not used: {', '.join(extra)}",
            }
        )


# One file


def _inspect_remote(
    path: str, options: Options, connection: duckdb.DuckDBPyConnection
) -> FileReport:
    """Ask DuckDB for the columns; nothing else is checked."""
    is_parquet = path.lower().endswith(".parquet")
    dialect = options.csv
    try:
        if is_parquet:
            raw = [name for name, *_ in _describe_parquet(path, connection)]
        elif dialect.column_names:
            raw = list(dialect.column_names)
        else:
            rows = connection.execute(
                "describe select * from read_csv(?, all_varchar = true, header = true, delim = ?, "
                "quote = ?, escape = ?, skip = ?, encoding = ?)",
                [
                    path,
                    dialect.delimiter,
                    dialect.quote,
                    dialect.escape,
                    dialect.skip_lines,
                    dialect.encoding,
                ],
            ).fetchall()
            raw = [str(row[0]) for row in rows]
    except duckdb.Error as error:
        raise InputFileError(
            "FILE_MISSING",
            f"{path} cannot be read: {_first_line(error)}; check the path and the secret that "
            "opens it",
            file=path,
        ) from error
    return FileReport(
        path=path,
        bytes=None,
        format="parquet" if is_parquet else "csv",
        columns=[_trim(name) for name in raw],
        raw_columns=raw,
    )


def _inspect_local(
    path: str,
    options: Options,
    databases: _Databases,
    warnings: list[dict[str, object]],
) -> FileReport:
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputFileError("FILE_FORMAT", f"{path} is not a regular file", file=path)
        if status.st_size == 0:
            raise _empty(path)
        report = _recognise(path, status.st_size)
        if not _repeat_known(report, options, databases):
            _inspect_contents(report, options, databases, warnings)
    except OSError as error:
        # gzip.BadGzipFile is an OSError too, and is dealt with where the text is read.
        raise InputFileError(
            "FILE_UNREADABLE",
            f"{path} cannot be opened: {error.strerror or error}; give the user who runs dbt the "
            "right to read it",
            file=path,
        ) from error
    return report


def _inspect_contents(
    report: FileReport,
    options: Options,
    databases: _Databases,
    warnings: list[dict[str, object]],
) -> None:
    if report.format == "parquet":
        _inspect_parquet(report, options, databases.reader)
    else:
        _inspect_text(report, options, databases, warnings)


def _repeat_known(report: FileReport, options: Options, databases: _Databases) -> bool:
    """Fill in what an earlier scan found, if the file is known and its rows are still there."""
    if not options.scan or not options.known_files:
        return False
    with Path(report.path).open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    facts = options.known_files.get(str(file_key(sha256)))
    if facts is None:
        return False
    _inspect_contents(report, replace(options, scan=False), databases, [])
    if facts.line_by_line:
        if options.rows_table is None:
            return False
        with _rows_table(report, options, databases, sha256) as table:
            if table.find() is None:
                return False
    report.sha256 = report.content_sha256 = sha256
    if report.compression == "gzip":
        with gzip.open(report.path) as content:
            report.content_sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    report.rows, report.rejected_rows = facts.rows, facts.rejected_rows
    report.line_by_line, report.first_line = facts.line_by_line, facts.first_line
    report.known = True
    return True


def _empty(path: str) -> InputFileError:
    return InputFileError("FILE_EMPTY", f"{path} is empty; export it again", file=path)


def _recognise(path: str, size: int) -> FileReport:
    """Tell the format by the content, and refuse a name that says otherwise."""
    name = path.lower()
    with Path(path).open("rb") as stream:
        head = stream.read(_SAMPLE_BYTES)
        stream.seek(max(0, size - len(_PARQUET_MAGIC)))
        tail = stream.read(len(_PARQUET_MAGIC))
    if head.startswith(_PARQUET_MAGIC):
        if tail != _PARQUET_MAGIC:
            raise InputFileError(
                "FILE_CORRUPT",
                f"{path} begins as Parquet and does not end as one: it is truncated or damaged; "
                "copy or export it again",
                file=path,
            )
        if name.endswith((".csv", ".tsv", ".txt", ".gz")):
            raise InputFileError(
                "FILE_FORMAT",
                f"{path} is a Parquet file by its content; name it .parquet",
                file=path,
            )
        return FileReport(path=path, bytes=size, format="parquet")
    for magic, what in _FOREIGN_MAGIC:
        if head.startswith(magic):
            raise InputFileError(
                "FILE_FORMAT",
                f"{path} is {what}; export it as CSV, CSV.gz or Parquet",
                file=path,
            )
    if name.endswith(".parquet"):
        what = "gzip-compressed" if head.startswith(_GZIP_MAGIC) else "no Parquet file"
        raise InputFileError(
            "FILE_FORMAT",
            f"{path} is {what} by its content; if it is text, name it .csv or .csv.gz",
            file=path,
        )
    is_gzip = head.startswith(_GZIP_MAGIC)
    if is_gzip != name.endswith(".gz"):
        cure = "name it .csv.gz" if is_gzip else "name it .csv"
        what = "gzip-compressed" if is_gzip else "not gzip-compressed"
        raise InputFileError("FILE_FORMAT", f"{path} is {what} by its content; {cure}", file=path)
    return FileReport(path=path, bytes=size, format="csv", compression="gzip" if is_gzip else None)


def _recognise_text(path: str) -> tuple[bool, str] | None:
    """Tell whether a text file is gzipped, and a codec that gives its bytes back."""
    try:
        report = _recognise(path, Path(path).stat().st_size)
        if report.format != "csv":
            return None
        sample = _read_sample(report)
    except (InputFileError, EOFError, zlib.error):
        return None
    marked = _marked_encoding(sample)
    if marked is None and b"\0" in sample:
        marked = _encoding_by_zeros(sample)
    codec = {None: "latin-1", "utf-8": "utf-8", "utf-16": "utf-16-le"}.get(marked)
    return None if codec is None else (report.compression == "gzip", codec)


def _read_sample(report: FileReport) -> bytes:
    with Path(report.path).open("rb") as stream:
        opened = gzip.GzipFile(fileobj=stream) if report.compression == "gzip" else stream
        return opened.read(_SAMPLE_BYTES)


# Parquet


def _literal_path(path: str) -> str:
    """Keep DuckDB from taking a file name for a glob."""
    return _WILDCARD.sub(lambda match: f"[{match.group()}]", path)


def _describe_parquet(
    path: str, connection: duckdb.DuckDBPyConnection
) -> list[tuple[str, int | None]]:
    """Return the (name, child count) of the columns, spelt as in the file, without nested ones."""
    rows = connection.execute("select name, num_children from parquet_schema(?)", [path]).fetchall()
    columns: list[tuple[str, int | None]] = []
    nested = 0
    for name, children in rows[1:]:
        if nested:
            nested -= 1
        else:
            columns.append((str(name), children))
        nested += children or 0
    return columns


def _inspect_parquet(
    report: FileReport, options: Options, connection: duckdb.DuckDBPyConnection
) -> None:
    """Fill in columns and rows; with scan, decode every value and check every page checksum."""
    path = _literal_path(report.path)
    try:
        report.raw_columns = [name for name, _ in _describe_parquet(path, connection)]
        report.columns = [_trim(name) for name in report.raw_columns]
        counted = connection.execute("select count(*) from read_parquet(?)", [path]).fetchall()
        report.rows = int(counted[0][0])
        if options.scan:
            # Pages first: decoding a damaged one can take the process down.
            _check_pages(report, connection.execute(_PARQUET_CHUNKS, [path]).fetchall())
            connection.execute(_PARQUET_SCAN, [path]).fetchall()
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise InputFileError(
            "FILE_CORRUPT",
            f"{report.path} is damaged: {_first_line(error)}; copy or export it again",
            file=report.path,
        ) from error
    if report.rows == 0 and not options.allow_no_rows:
        raise InputFileError(
            "FILE_NO_ROWS", f"{report.path} has columns and no rows; export it again",
            file=report.path,
        )  # fmt: skip
    if options.scan:
        with Path(report.path).open("rb") as stream:
            report.sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        report.content_sha256 = report.sha256
        report.rejected_rows, report.line_by_line = 0, False


def _check_pages(report: FileReport, chunks: list[tuple[int, int, int, str]]) -> None:
    with Path(report.path).open("rb") as stream:
        try:
            verified, unverified = verify_pages(stream, (ColumnChunk(*chunk) for chunk in chunks))
        except PageError as error:
            raise InputFileError(
                "FILE_CORRUPT",
                f"{report.path} is damaged: {error}; copy or export it again",
                file=report.path,
            ) from error
    report.has_page_checksums = verified > 0 and unverified == 0


# Text


class _HashingStream(io.RawIOBase):
    """Passes bytes on and takes their SHA-256 as they go by."""

    def __init__(self, source: io.BufferedIOBase | io.RawIOBase) -> None:
        super().__init__()
        self.source = source
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.source.read(len(buffer)) or b""
        buffer[: len(data)] = data
        self.digest.update(data)
        return len(data)


@dataclass
class _OpenText:
    """A text file being read: decompressed, decoded strictly, hashed before and after gzip."""

    text: io.TextIOWrapper
    stored: _HashingStream
    content: _HashingStream

    def lines(self) -> Iterator[str]:
        """Yield lines with their ends; raise on one that is longer than DuckDB takes."""
        number = 0
        while line := self.text.readline(MAX_LINE_LENGTH + 1):
            number += 1
            if len(line) > MAX_LINE_LENGTH:
                raise InputFileError(
                    "TOO_LONG",
                    f"line {number} is longer than {MAX_LINE_LENGTH} characters; is the file "
                    "text, and is the quote character right?",
                    line=number,
                )
            yield line

    def read_on(self, *, decode: bool) -> None:
        """Read to the end, for the hashes; decoding is left out where somebody else will do it."""
        while self.text.read(_BUFFER_BYTES) if decode else self.text.buffer.read(_BUFFER_BYTES):
            pass


@contextmanager
def _open_text(report: FileReport, encoding: str) -> Iterator[_OpenText]:
    with Path(report.path).open("rb", buffering=0) as raw:
        stored = _HashingStream(raw)
        buffered = io.BufferedReader(stored, _BUFFER_BYTES)
        if report.compression == "gzip":
            content = _HashingStream(gzip.GzipFile(fileobj=buffered, mode="rb"))
            buffered = io.BufferedReader(content, _BUFFER_BYTES)
        else:
            content = stored
        text = io.TextIOWrapper(buffered, encoding=encoding, errors="strict", newline="")
        yield _OpenText(text, stored, content)


@dataclass
class _TextFacts:
    """What the Python pass over a text file found; records leave out header and blank lines.

    Lines are counted after those skipped: ``lines`` so far, ``first_end`` and ``last_end`` are
    where the first and the last record end, ``first_lines`` are those of the header.
    ``is_cut_short`` says that a line could not be read.
    """

    first: list[str] = field(default_factory=list)
    second: list[str] | None = None
    first_lines: list[str] = field(default_factory=list)
    records: int | None = 0
    lines: int = 0
    first_end: int = 0
    last_end: int = 0
    is_first_blank: bool = False
    has_odd_quotes: bool = False
    has_odd_widths: bool = False
    is_cut_short: bool = False
    mixed_line_ends: bool = False

    def header_end(self, dialect: CsvDialect) -> int:
        """Return the line the header ends on, or 0."""
        return self.first_end if dialect.header else 0

    def is_regular(self, dialect: CsvDialect) -> bool:
        """Tell whether each record is a whole line of its own, and all are alike."""
        is_odd = self.has_odd_quotes or self.has_odd_widths or self.mixed_line_ends
        lines = self.last_end - self.header_end(dialect)
        return not is_odd and not self.is_cut_short and self.records == lines


def _inspect_text(
    report: FileReport,
    options: Options,
    databases: _Databases,
    warnings: list[dict[str, object]],
) -> None:
    dialect = options.csv
    with _explained(report, dialect):
        _check_sample(report, dialect)
        facts = _read_text(report, options)
    _name_columns(report, facts, options)
    may_have_rows = facts.second is not None or facts.is_cut_short or not dialect.header
    if not may_have_rows and not options.allow_no_rows:
        # A quote that is open at the end of the header swallows the rows.
        _check_header_quotes(report, facts, dialect)
        raise _no_rows(report)
    if not options.scan:
        return
    report.line_by_line = False
    if options.rows_table is None:
        try:
            _count_in_duckdb(report, facts, dialect, databases.reader)
        except InputFileError as error:
            is_row = error.code.startswith(("ROW_", "TOO_LONG"))
            if not (options.row_errors_are_warnings and is_row):
                raise
            warnings.append(error.as_dict())
    elif not _is_read_by_duckdb(report, facts, dialect, databases.reader):
        _read_by_line(report, facts, options, databases)
        return
    if facts.is_regular(dialect) and report.rows == facts.records:
        report.first_line = dialect.skip_lines + facts.header_end(dialect) + 1
        report.rejected_rows = 0


@contextmanager
def _explained(report: FileReport, dialect: CsvDialect) -> Iterator[None]:
    """Turn what goes wrong in reading a text into errors that name the file and the cure."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputFileError(
            "FILE_CORRUPT",
            f"{report.path} is a truncated or damaged gzip file ({error}); copy or export it again",
            file=report.path,
        ) from error
    except UnicodeDecodeError as error:
        # Damaged data decode badly before gzip comes to its checksum.
        if report.compression == "gzip" and not _is_whole_gzip(report.path):
            raise InputFileError(
                "FILE_CORRUPT",
                f"{report.path} is a damaged gzip file; copy or export it again",
                file=report.path,
            ) from error
        raise _wrong_encoding(report, dialect) from error
    except InputFileError as error:
        if error.file is None:
            error.message = f"{report.path}: {error.message}"
            error.file = report.path
        raise


def _is_whole_gzip(path: str) -> bool:
    try:
        with gzip.open(path) as content:
            while content.read(_BUFFER_BYTES):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return False
    return True


def _no_rows(report: FileReport) -> InputFileError:
    return InputFileError(
        "FILE_NO_ROWS",
        f"{report.path} has a header and no rows; export it again",
        file=report.path,
    )


def _count_in_duckdb(
    report: FileReport,
    facts: _TextFacts,
    dialect: CsvDialect,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    if dialect.delimiter == WHITESPACE:
        report.rows = facts.records
    else:
        _scan_csv(report, facts, dialect, connection)


def _is_read_by_duckdb(
    report: FileReport,
    facts: _TextFacts,
    dialect: CsvDialect,
    connection: duckdb.DuckDBPyConnection,
) -> bool:
    """Let DuckDB read the file if it is regular, and tell whether it finds the same rows."""
    if not facts.is_regular(dialect):
        return False
    try:
        if dialect.delimiter == WHITESPACE:
            _scan_lines(report, dialect, connection)
        else:
            _scan_csv(report, facts, dialect, connection)
    except InputFileError as error:
        if not error.code.startswith(("ROW_", "TOO_LONG")):
            raise
        return False
    return report.rows == facts.records


# Text, line by line


def _read_by_line(
    report: FileReport, facts: _TextFacts, options: Options, databases: _Databases
) -> None:
    """Make sure that the table has all rows of the file; refuse one without a good row."""
    dialect = options.csv
    _refuse_bad_names(report)
    _check_header_quotes(report, facts, dialect)
    lines_before = dialect.skip_lines + facts.header_end(dialect)
    with _rows_table(report, options, databases, report.sha256 or "") as table:
        stored = table.find()
        if stored is None:
            _check_latin_1(report, dialect)
            line_format = dialect.lines_of(len(report.columns))
            with (
                table.replacing(),
                _explained(report, dialect),
                _open_text(report, dialect.python_encoding) as opened,
            ):
                stored = store_records(opened.text, line_format, lines_before, table)
                if stored.first_reject and stored.rows == stored.rejected_rows:
                    raise _all_rejected(report, stored.first_reject, stored.rows)
    if stored.rows == 0 and not options.allow_no_rows:
        raise _no_rows(report)
    report.rows, report.rejected_rows = stored.rows, stored.rejected_rows
    report.line_by_line, report.first_line = True, lines_before + 1


@contextmanager
def _rows_table(
    report: FileReport, options: Options, databases: _Databases, sha256: str
) -> Iterator[RowsTable]:
    """Open the table of rows for a file of which the columns are known."""
    dialect = vars(options.csv) | {"column_names": None, "columns": len(report.columns)}
    with closing(databases.connect_rows()) as connection:
        table = RowsTable(connection, options.rows_table or "", file_key(sha256), dialect)
        report.rows_dialect = table.dialect
        yield table


def _check_header_quotes(report: FileReport, facts: _TextFacts, dialect: CsvDialect) -> None:
    """Refuse a header of which nobody can tell where it ends."""
    rules = dialect.lines_of(0).quote_rules()
    if rules is None or not dialect.header:
        return
    try:
        list(_split_csv(iter(facts.first_lines), dialect, strict=True))
    except csv.Error as error:
        raise _bad_header_quotes(report, dialect) from error
    if len(facts.first_lines) > 1 and not rules.fits("".join(facts.first_lines)):
        raise _bad_header_quotes(report, dialect)


def _bad_header_quotes(report: FileReport, dialect: CsvDialect) -> InputFileError:
    line = dialect.skip_lines + 1
    return InputFileError(
        "SCHEMA_HEADER",
        f"{report.path}: line {line} should be the header and its quotes do not match; mend them, "
        "or check csv.quote and csv.escape",
        file=report.path,
        line=line,
    )


def _check_latin_1(report: FileReport, dialect: CsvDialect) -> None:
    """Refuse what DuckDB does not take for Latin-1, though Python decodes it."""
    if dialect.encoding != "latin-1":
        return
    with _open_text(report, "latin-1") as opened:
        while chunk := opened.text.read(_BUFFER_BYTES):
            if _NOT_LATIN_1.search(chunk):
                raise _encoding_error(report, "windows-1252", dialect)


def _all_rejected(report: FileReport, reject: Reject, rows: int) -> InputFileError:
    more = "" if rows == 1 else f" (nor can any of the {rows} rows)"
    cure = {
        "ROW_QUOTING": "mend the quotes, or check csv.quote and csv.escape",
        "TOO_LONG": "shorten the line, or look for a missing quote",
    }.get(reject.code, "mend the line, or check csv.delimiter, csv.quote and csv.column_names")
    return InputFileError(
        reject.code,
        f"{report.path}: line {reject.line} cannot be read: {reject.detail}{more}; {cure}",
        file=report.path,
        line=reject.line,
    )


# Text, one look


def _check_sample(report: FileReport, dialect: CsvDialect) -> None:
    """Look at the first bytes for what a strict decoder would misread or report late."""
    sample = _read_sample(report)
    if not sample.strip(b"\xef\xbb\xbf\r\n\t "):
        raise _empty(report.path)
    if sample.startswith(_PARQUET_MAGIC):
        raise InputFileError(
            "FILE_FORMAT",
            "it is a compressed Parquet file; decompress it and name it .parquet",
        )
    marked = _marked_encoding(sample)
    if marked is None and b"\0" in sample:
        marked = _encoding_by_zeros(sample)
        if marked is None and sample.count(b"\0") > max(_FEW_ZEROS, _BINARY_SHARE * len(sample)):
            raise InputFileError(
                "FILE_FORMAT",
                "it is binary, not text; export it as CSV, CSV.gz or Parquet",
            )
    if marked is not None and marked != dialect.encoding:
        raise _encoding_error(report, marked, dialect)
    if dialect.encoding == "utf-16" and marked is None:
        raise _encoding_error(report, _likely_encoding(sample), dialect)


def _marked_encoding(sample: bytes) -> str | None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return encoding
    return None


def _encoding_by_zeros(sample: bytes) -> str | None:
    """Recognise UTF-16 without a mark: text of mostly ASCII has a zero in every second byte."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    few, many = sorted((even, odd))
    if many < len(sample) * 0.2 or few > many * 0.05:
        return None
    return "utf-16" if odd > even else "utf-16-be"


def _likely_encoding(sample: bytes) -> str:
    """Guess the encoding of text: utf-8, gb18030, windows-1252 or latin-1."""
    for encoding in ("utf-8", "gb18030"):
        try:
            decoded = codecs.getincrementaldecoder(encoding)().decode(sample)
        except UnicodeDecodeError:
            continue
        # European text decodes as gb18030 by chance, with rare signs and lone high bytes; in real
        # Chinese text both bytes of nearly every character are high and the result is common.
        high = len(re.findall(rb"[\x80-\xff]", sample))
        pairs = len(re.findall(rb"[\xb0-\xf7][\xa1-\xfe]|[\xa1-\xa9][\xa1-\xfe]", sample))
        if encoding == "utf-8" or (high and 2 * pairs >= 0.8 * high and decoded):
            return encoding
    return "windows-1252" if re.search(rb"[\x80-\x9f]", sample) else "latin-1"


def _wrong_encoding(report: FileReport, dialect: CsvDialect) -> InputFileError:
    """Find the first line that cannot be decoded and guess the encoding from there on."""
    if dialect.encoding == "utf-16":
        return _encoding_error(report, None, dialect)
    with _open_text(report, "latin-1") as opened:
        for number, line in enumerate(opened.lines(), 1):
            data = line.encode("latin-1")
            try:
                data.decode(dialect.encoding)
            except UnicodeDecodeError:
                following = "".join(islice(opened.lines(), _LINES_TO_GUESS_FROM))
                sample = data + following.encode("latin-1")
                return _encoding_error(report, _likely_encoding(sample), dialect, number)
    return _encoding_error(report, None, dialect)


def _encoding_error(
    report: FileReport, likely: str | None, dialect: CsvDialect, line: int | None = None
) -> InputFileError:
    convert = f"convert it with {_conversion(likely or '', Path(report.path).name)}"
    if likely is None:
        cure = "it is damaged or in an encoding that cannot be guessed: export it as UTF-8"
    elif likely in _ENCODINGS.values():
        cure = f"it is likely {likely}: declare csv.encoding: {likely}, or {convert}"
    else:
        cure = f"it is likely {likely}, which cannot be read as it is: {convert}"
    declared = "the default" if dialect.encoding == "utf-8" else "declared"
    return InputFileError(
        "FILE_ENCODING",
        f"{report.path} is not {dialect.encoding}, which is {declared}; {cure}",
        file=report.path,
        line=line,
    )


def _read_text(report: FileReport, options: Options) -> _TextFacts:
    """Decode the file strictly and count its records; without scan only the first two."""
    dialect = options.csv
    facts = _TextFacts()
    # DuckDB takes UTF-16 as little-endian; the mark is not part of the first name.
    with _open_text(report, dialect.python_encoding) as opened:
        lines = opened.lines()
        for _ in range(dialect.skip_lines):
            next(lines, None)
        lines = _watch(lines, facts, dialect)
        if dialect.delimiter == WHITESPACE:
            records = _split_blanks(lines, dialect)
        else:
            records = _split_csv(lines, dialect)
        try:
            records_found = _collect(records, facts, everything=options.scan)
            facts.records = records_found - dialect.header
        except csv.Error:
            # A field beyond Python's limit, most often an open quote: DuckDB has the say.
            facts.records, facts.is_cut_short = None, True
        except InputFileError:
            if options.rows_table is None or (dialect.header and not facts.first):
                raise
            facts.records, facts.is_cut_short = None, True
        if options.scan:
            opened.read_on(decode=options.rows_table is None)
            report.sha256 = opened.stored.digest.hexdigest()
            report.content_sha256 = opened.content.digest.hexdigest()
        facts.mixed_line_ends = isinstance(opened.text.newlines, tuple)
    if not facts.first and facts.is_cut_short and dialect.header:
        raise _bad_header_quotes(report, dialect)
    if not facts.first and not facts.is_cut_short:
        raise _empty(report.path)
    return facts


def _watch(lines: Iterator[str], facts: _TextFacts, dialect: CsvDialect) -> Iterator[str]:
    """Count the lines as they go by, and look for quotes that are not those of a whole record."""
    quotes = dialect.lines_of(0).quote_rules()
    for line in lines:
        facts.lines += 1
        if dialect.header and not facts.first_end:
            if facts.first_lines or line.strip("\r\n"):
                facts.first_lines.append(line)
        elif quotes is not None and quotes.quote in line and not facts.has_odd_quotes:
            facts.has_odd_quotes = not quotes.fits(line)
        yield line


def _collect(records: Iterator[list[str]], facts: _TextFacts, *, everything: bool) -> int:
    """Keep the first two records, and return how many there are, blank lines left out."""
    found = width = 0
    for place, record in enumerate(records):
        if not record:
            facts.is_first_blank |= place == 0
            continue
        found += 1
        facts.last_end = facts.lines
        if found == 1:
            facts.first = record
            facts.first_end = facts.lines
            width = len(record)
            continue
        if len(record) != width:
            facts.has_odd_widths = True
        if found == 2:  # noqa: PLR2004 - the second one
            facts.second = record
            if not everything:
                break
    return found


def _split_csv(lines: Iterator[str], dialect: CsvDialect, *, strict: bool = False) -> Reader:
    doubled = dialect.escape in ("", dialect.quote)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        doublequote=doubled,
        escapechar=None if doubled else dialect.escape,
        strict=strict,
    )


def _split_blanks(lines: Iterator[str], dialect: CsvDialect) -> Iterator[list[str]]:
    """Split at runs of blanks; every record must have as many fields as the first."""
    expected = len(dialect.column_names) if dialect.column_names else 0
    for number, line in enumerate(lines, dialect.skip_lines + 1):
        stripped = line.strip(" \t\r\n")
        if not stripped:
            continue
        record = BLANKS.split(stripped)
        expected = expected or len(record)
        if len(record) != expected:
            raise InputFileError(
                "ROW_FIELD_COUNT",
                f"line {number} has {len(record)} fields and {expected} are expected; mend the "
                "line, or check csv.delimiter and csv.column_names",
                line=number,
            )
        yield record


def _trim(name: str) -> str:
    return name.strip().strip("\ufeff\u200b").strip()


def _name_columns(report: FileReport, facts: _TextFacts, options: Options) -> None:
    """Set the names of the columns, from the settings or from a header that looks like one."""
    dialect = options.csv
    line = dialect.skip_lines + 1
    first = [_trim(cell) for cell in facts.first]
    if dialect.column_names is not None:
        # Without a header the first line is a row as good or bad as any other.
        may_be_odd = options.rows_table is not None and not dialect.header
        _check_given_names(report, first, dialect, may_be_odd=may_be_odd)
        report.raw_columns = list(dialect.column_names)
        report.columns = [_trim(name) for name in dialect.column_names]
        return
    report.raw_columns, report.columns = facts.first, first
    if facts.is_first_blank and dialect.delimiter != WHITESPACE:
        problem = "is blank where the header should be; set csv.skip_lines to what is above it"
    elif looks_like_data(first):
        problem = (
            f"should be the header and looks like data ({', '.join(first[:3])}, ...); if the file "
            "has no header, set csv.header: false and name the columns in csv.column_names"
        )
    elif "" in first:
        problem = (
            f"is the header and column {first.index('') + 1} has no name; name it, or set "
            "csv.column_names"
        )
    elif (other := _other_delimiter(first, facts.second)) is not None:
        problem = (
            f"is one single name, {first[0]!r}; if fields are separated by {other!r}, set "
            f"csv.delimiter: {other!r}"
        )
    else:
        return
    raise InputFileError(
        "SCHEMA_HEADER", f"{report.path}: line {line} {problem}", file=report.path, line=line
    )


def _check_given_names(
    report: FileReport, first: list[str], dialect: CsvDialect, *, may_be_odd: bool
) -> None:
    names = [_trim(name) for name in dialect.column_names or ()]
    line = dialect.skip_lines + 1
    if "" in names:
        problem = f"csv.column_names has no name at place {names.index('') + 1}"
    elif len(first) != len(names) and not may_be_odd:
        problem = (
            f"csv.column_names lists {len(names)} names and line {line} has {len(first)} fields; "
            "name every column, in the order of the file"
        )
    elif not dialect.header and [n.casefold() for n in names] == [c.casefold() for c in first]:
        problem = f"line {line} is a header, but csv.header is false; set it to true"
    else:
        return
    raise InputFileError("SCHEMA_HEADER", f"{report.path}: {problem}", file=report.path, line=line)


def looks_like_data(cells: list[str]) -> bool:
    """Tell whether at least half of the cells that hold anything are numbers or dates."""
    filled = [cell for cell in cells if cell]
    data = sum(_NUMBER_OR_DATE.fullmatch(cell) is not None for cell in filled)
    return bool(filled) and 2 * data >= len(filled)


def _other_delimiter(first: list[str], second: list[str] | None) -> str | None:
    """Name the delimiter that would split a one-column header and its first row alike."""
    if len(first) != 1 or second is None:
        return None
    row = ",".join(second)
    for candidate in (",", ";", "\t", "|"):
        count = first[0].count(candidate)
        if count and row.count(candidate) >= count:
            return candidate
    return None


def _scan_lines(
    report: FileReport, dialect: CsvDialect, connection: duckdb.DuckDBPyConnection
) -> None:
    """Read the whole file as the models will where fields are separated by runs of blanks."""
    parameters = [
        _literal_path(report.path),
        dialect.skip_lines + dialect.header,
        dialect.encoding,
        report.compression or "none",
    ]
    try:
        counted = connection.execute(_LINES_SCAN, parameters).fetchall()
    except duckdb.Error as error:
        raise _refused_by_duckdb(report, _TextFacts(), dialect, error) from error
    report.rows = int(counted[0][0])


def _scan_csv(
    report: FileReport,
    facts: _TextFacts,
    dialect: CsvDialect,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Read the whole file as the models will, and compare with what Python found."""
    connection.execute("drop table if exists tierwise_rejects")
    connection.execute("drop table if exists tierwise_reject_scans")
    parameters = [
        _literal_path(report.path),
        dialect.header,
        dialect.delimiter,
        dialect.quote,
        dialect.escape,
        dialect.skip_lines,
        dialect.encoding,
        {f"column_{place}": "VARCHAR" for place in range(len(report.columns))},
        report.compression or "none",
        REPORTED_REJECTS,
    ]
    try:
        report.rows = int(connection.execute(_CSV_SCAN, parameters).fetchall()[0][0])
        rejects = connection.execute(_CSV_REJECTS).fetchall()
    except duckdb.Error as error:
        raise _refused_by_duckdb(report, facts, dialect, error) from error
    if rejects:
        raise _rejected(report, dialect, rejects)
    # A blank line is a row of a one-column file for DuckDB and nothing for Python.
    if len(report.columns) > 1 and facts.records not in (None, report.rows):
        raise InputFileError(
            "ROW_QUOTING",
            f"{report.path}: DuckDB finds {report.rows} rows and a second count {facts.records}; "
            "look for quotes that do not match, in the lines skipped at the top too",
            file=report.path,
        )


def _refused_by_duckdb(
    report: FileReport, facts: _TextFacts, dialect: CsvDialect, error: duckdb.Error
) -> InputFileError:
    text = str(error)
    if "is not latin-1 encoded" in text:
        return _encoding_error(report, "windows-1252", dialect)
    if facts.mixed_line_ends:
        return InputFileError(
            "FILE_FORMAT",
            f"{report.path}: lines end in more than one way (CRLF, LF or CR); make them alike, "
            f"e.g. with `sed -i 's/\\r$//' {Path(report.path).name}`",
            file=report.path,
        )
    return InputFileError(
        "ROW_QUOTING",
        f"{report.path} cannot be read with this delimiter, quote and escape: {_first_line(error)}",
        file=report.path,
    )


def _rejected(
    report: FileReport, dialect: CsvDialect, rejects: list[tuple[int, str, str]]
) -> InputFileError:
    record, kind, detail = rejects[0]
    line = _line_of_record(report, dialect, int(record))
    code, cure = {
        "UNQUOTED VALUE": ("ROW_QUOTING", "mend the quotes, or check csv.quote and csv.escape"),
        "LINE SIZE OVER MAXIMUM": ("TOO_LONG", "shorten the line, or look for a missing quote"),
        "INVALID ENCODING": ("FILE_ENCODING", "convert the file to UTF-8"),
    }.get(kind, ("ROW_FIELD_COUNT", "mend the line, or check csv.delimiter and csv.quote"))
    lines = {reject[0] for reject in rejects}
    more = "" if len(lines) == 1 else f" ({len(lines)} such rows or more in all)"
    return InputFileError(
        code,
        f"{report.path}: line {line} cannot be read: {detail.strip().rstrip('.')}{more}; {cure}",
        file=report.path,
        line=line,
    )


def _line_of_record(report: FileReport, dialect: CsvDialect, record: int) -> int:
    """Translate DuckDB's line, which counts records, to the physical line it begins on."""
    with _open_text(report, dialect.python_encoding) as opened:
        lines = opened.lines()
        for _ in range(dialect.skip_lines):
            next(lines, None)
        reader = _split_csv(lines, dialect)
        for _ in range(record - dialect.skip_lines - 1):
            if next(reader, None) is None:
                break
        return dialect.skip_lines + reader.line_num + 1


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
