"""The table of machine-made annotations: one row a scan, as CSV.

`path`: of the scan's first file, relative to the archive. `sha256`: of its content when it was
annotated; the text is not used for another. `text`: phrases joined by "; ". `findings` and
`measurements`: "name=number; ...". `annotated_by`: the models, each with the first 12 digits of its
file's SHA-256.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.errors import UsageError
from models.files import write_whole

COLUMNS = ("path", "text", "findings", "measurements", "annotated_by", "sha256")
_NEEDED = ("path", "text", "annotated_by")
_LARGEST = 256 << 20  # bytes
_SHA256 = re.compile(r"[0-9a-f]{64}|")
_LONGEST = 10_000  # characters of a text
_DIGITS = 4
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Annotated:
    """One scan's machine-made annotation; see this module."""

    path: str
    text: str
    annotated_by: str
    sha256: str = ""
    findings: Mapping[str, float] = field(default_factory=dict)
    measurements: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return {
            "path": self.path,
            "text": self.text,
            "findings": _rounded(self.findings),
            "measurements": _rounded(self.measurements),
            "annotated_by": self.annotated_by,
            "sha256": self.sha256,
        }


def content_of(hashes: Sequence[str]) -> str:
    """One SHA-256 for the files of a scan, whatever their order; that of the file, if it is one."""
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()


def write_table(rows: Iterable[Annotated], path: Path) -> None:
    """Writes them, whole or not at all. Raises `CannotWrite`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        told = row.to_json()
        numbers = {name: _pairs(told[name]) for name in ("findings", "measurements")}
        writer.writerow([_plain({**told, **numbers}[name]) for name in COLUMNS])
    write_whole(path, text.getvalue().encode())


def check_target(path: Path) -> None:
    """Raises `UsageError` if there is another file than such a table, or no folder to write to."""
    if not path.exists():
        if not path.parent.is_dir():
            raise UsageError(f"there is no folder {path.parent}")
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline(_LONGEST).strip()
    except (OSError, UnicodeDecodeError):
        header = ""
    if header != ",".join(COLUMNS):
        raise UsageError(f"{path} is no table of annotations, and would be written over")


def read_table(path: Path) -> dict[str, Annotated]:
    """The annotations in a table, by path; only what an index takes from it: no numbers.

    Raises `UsageError` naming the line that breaks a rule.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is larger than {_LARGEST >> 20} MiB; it is no such table")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text; write it with `cbir annotate`") from error
    found: dict[str, Annotated] = {}
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise UsageError(
                f"{path} has no column {missing[0]}; `cbir annotate` writes such tables"
            )
        for record in reader:
            row = _row(record, f"{path}, line {reader.line_num}")
            if row.path in found:
                raise UsageError(f"{path}, line {reader.line_num}: this path has a row already")
            found[row.path] = row
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV table: {error}") from error
    return found


def _row(record: Mapping[str | None, Any], place: str) -> Annotated:
    if None in record or None in record.values():
        raise UsageError(f"{place}: it has not as many fields as the header")
    told = {str(name): _read(str(value).strip()) for name, value in record.items()}
    for wrong, rule in (
        (not told["path"], "path is empty"),
        (not told["annotated_by"], "annotated_by is empty; name what made the text"),
        (not _SHA256.fullmatch(told.get("sha256", "")), "sha256 is none"),
        (len(told["text"]) > _LONGEST, f"text is longer than {_LONGEST} characters"),
        (any("\0" in value for value in told.values()), "there is a NUL character"),
    ):
        if wrong:
            raise UsageError(f"{place}: {rule}")
    return Annotated(told["path"], told["text"], told["annotated_by"], told.get("sha256", ""))


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, as a file's or a label's name may look."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _read(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), _DIGITS) for name, value in values.items()}


def _pairs(values: Mapping[str, float]) -> str:
    return "; ".join(f"{name}={value:g}" for name, value in values.items())
