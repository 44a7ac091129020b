"""Reads `cases.csv` or `cases.parquet`: which files there are, and what is known of them.

A row that breaks a rule becomes a reject that names its line; the others are taken.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer.rejects import Reject
from indexer.row import COLUMNS, BadRowError, Row, odd_sex, row_of
from models.errors import UsageError

TABLES = (".csv", ".tsv", ".parquet")
DELIMITERS = ",;\t"
Fields = list[str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The rows of a manifest, those that were left out, and what a person should know."""

    rows: tuple[Row, ...]
    rejects: tuple[Reject, ...]
    remarks: tuple[str, ...]


def read_manifest(path: Path, root: Path | None = None) -> Manifest:
    """The rows of a CSV (comma, semicolon or tab; UTF-8, with or without BOM) or Parquet table.

    `root`: what paths are relative to, by default the manifest's folder. Column names are compared
    without case. Raises `UsageError` if there is no such table or it has no column `path`.
    """
    root = path.parent if root is None else root
    try:
        parquet = path.suffix.lower() == ".parquet"
        names, records = _parquet(path) if parquet else _csv(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    columns = _columns(path, names)
    collected = _Collector(path.name, "row" if parquet else "line", columns, root)
    for line, fields in records:
        collected.add(line, fields)
    return collected.manifest()


class _Collector:
    """Turns records into rows or rejects, and holds what a row has to be compared with."""

    def __init__(self, name: str, unit: str, columns: Sequence[str], root: Path) -> None:
        self._name, self._unit = name, unit
        self._columns, self._root = columns, root
        self._rows: dict[str, Row] = {}
        self._rejects: list[Reject] = []
        self._odd_sexes = 0

    def add(self, line: int, fields: Fields | str) -> None:
        """Take a record; a string is the rule that it broke before its fields were known."""
        try:
            if isinstance(fields, str):
                raise BadRowError(fields)
            self._take(row_of(line, self._named(fields), self._root))
        except BadRowError as rule:
            sentence = f"{self._unit} {line}: {rule}"
            self._rejects.append(Reject(f"{self._name}:{line}", "bad_row", sentence))

    def _named(self, fields: Fields) -> dict[str, str]:
        while len(fields) > len(self._columns) and not fields[-1].strip():
            fields = fields[:-1]  # spreadsheets pad rows
        if len(fields) != len(self._columns):
            raise BadRowError(f"{len(fields)} fields, but the header has {len(self._columns)}")
        named = {name: text for name, text in zip(self._columns, fields, strict=True) if name}
        self._odd_sexes += odd_sex(named.get("sex", ""))
        return named

    def _take(self, row: Row) -> None:
        first = self._rows.setdefault(row.path, row)
        if first is row:
            return
        if first.label != row.label:
            self._rows[row.path] = replace(first, label="")
            raise BadRowError(
                f"{self._unit} {first.line} gives the same path another label; neither is used"
            )
        raise BadRowError(f"the same path as in {self._unit} {first.line}")

    def manifest(self) -> Manifest:
        """What was collected."""
        remarks = []
        if self._odd_sexes:
            remarks.append(
                f"{self._name}: sex is not understood in {self._odd_sexes} rows and left empty; "
                "write M, F or O"
            )
        return Manifest(tuple(self._rows.values()), tuple(self._rejects), tuple(remarks))


def _columns(path: Path, names: Sequence[str]) -> list[str]:
    columns: list[str] = []
    for name in names:
        plain = name.strip()
        columns.append(plain.lower() if plain.lower() in COLUMNS else plain)
    if "path" not in columns:
        there = ", ".join(name for name in columns if name) or "none"
        raise UsageError(f"{path} has no column `path`; its columns are: {there}")
    for name in columns:
        if name and columns.count(name) > 1:
            raise UsageError(f"{path} has the column `{name}` twice; rename one of them")
    return columns


def _csv(path: Path) -> tuple[Fields, Iterator[tuple[int, Fields | str]]]:
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UsageError(f"{path} is UTF-16; save it as CSV in UTF-8")
    # What is not UTF-8 survives as surrogates, and `row_of` refuses the row that has them.
    text = raw.decode("utf-8-sig", "surrogateescape")
    lines = io.StringIO(text, newline="").readlines()  # str.splitlines breaks at U+2028 and others
    delimiter = _delimiter(lines[0] if lines else "")
    records = _records(lines, delimiter)
    for _, header in records:
        if isinstance(header, list):
            return header, records
        raise UsageError(f"{path}: the header is no row of a CSV file: {header}")
    raise UsageError(f"{path} is empty; its first line names the columns, `path` among them")


def _delimiter(header: str) -> str:
    for delimiter in DELIMITERS:
        names = [name.strip(' "\r\n').lower() for name in header.split(delimiter)]
        if "path" in names and len(names) > 1:
            return delimiter
    return ","


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, Fields | str]]:
    """Line number and fields of every record, or the rule that it broke.

    A quotation mark that is never closed would swallow all rows after it: after a bad record that
    spans lines, reading goes on at the second of them.
    """
    at, width = 0, 0
    while at < len(lines):
        rest = (lines[i] for i in range(at, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        start = at
        try:
            for fields in reader:
                end = at + reader.line_num
                width = width or len(fields)
                if end - start > 1 and len(fields) != width:
                    raise csv.Error("a quotation mark is not closed")
                if any(field.strip() for field in fields):
                    yield start + 1, fields
                start = end
            return
        except csv.Error as error:
            yield start + 1, _rule(error)
            at = start + 1


def _rule(error: csv.Error) -> str:
    text = str(error)
    if "expected after" in text:
        return "text follows a closing quotation mark; double the marks inside a field"
    if "larger than field limit" in text or "end of data" in text or "not closed" in text:
        return "a quotation mark is not closed"
    return "not a row of a CSV file"


def _parquet(path: Path) -> tuple[Fields, Iterator[tuple[int, Fields | str]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except pa.ArrowException as error:
        raise UsageError(f"{path} is not a Parquet table that can be read") from error
    columns = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    rows = (list(fields) for fields in zip(*columns, strict=True))
    return list(table.column_names), enumerate(rows, 1)


def _text(value: Any) -> str:
    if value is None or value != value:  # a missing number is NaN after pandas
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # whole numbers became floats where some were missing
    return str(value)
