"""One row of a manifest: what each column may hold."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = (
    *("path", "label", "patient_id", "study_id", "modality", "body_part", "view"),
    *("sex", "age", "findings", "mask", "split"),
)
"""The columns that mean something here. Others are kept as they are."""

# Columns that the index has of its own; a manifest's column of such a name gets a prefix.
RESERVED = frozenset(
    {
        *("instance_id", "source", "slice_index", "rows", "columns", "quality", "segmentation"),
        *("case_id", "series_id", "header_patient_id", "instances", "middle_row"),
        *("colour", "edge", "embedding", "text", "preview", "annotated_by"),
        *("region_cells", "region_step", "region_frame"),
    }
)
OLDEST = 150.0  # years
YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
AGE = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*([YMWD]?)", re.IGNORECASE)
UNSAID = frozenset({"", "nan", "none", "null", "na", "n/a", "unknown", "?", "-"})
SEXES = {
    **dict.fromkeys(("m", "male", "man", "boy", "\u7537"), "M"),
    **dict.fromkeys(("f", "female", "w", "woman", "girl", "\u5973"), "F"),
    **dict.fromkeys(("o", "other", "d", "diverse"), "O"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What a manifest says of one file, or of a folder of slices. Empty or None: not said.

    `line`: its number, from 1 for the header. `path` and `mask`: relative to the archive, POSIX.
    `label`: None if the manifest has no such column, "" if it says that there is no label.
    `sex`: M, F, O. `age`: years. `extra`: the columns beside `COLUMNS`.
    """

    line: int
    path: str
    label: str | None = None
    patient_id: str = ""
    study_id: str = ""
    modality: str = ""
    body_part: str = ""
    view: str = ""
    sex: str = ""
    age: float | None = None
    findings: str = ""
    mask: str = ""
    split: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


class BadRowError(ValueError):
    """A row breaks a rule; the message is the rule, without the row's values."""


def row_of(line: int, values: Mapping[str, str], root: Path) -> Row:
    """A row from its fields, by column. Raises `BadRowError`.

    A sex that is not understood is not said: see `odd_sex`.
    """
    said = {name: " ".join(values.get(name, "").split()) for name in COLUMNS}
    for value in values.values():
        if "\0" in value or not _is_text(value):
            raise BadRowError("a field is not UTF-8 text; save the table as UTF-8")
    return Row(
        line=line,
        path=inside(values["path"], root, "path"),
        label=_unless_unsaid(said["label"]) if "label" in values else None,
        patient_id=said["patient_id"],
        study_id=said["study_id"],
        modality=said["modality"].upper(),
        body_part=said["body_part"].upper(),
        view=said["view"].upper(),
        sex=SEXES.get(said["sex"].casefold(), ""),
        age=years(said["age"]),
        findings=values.get("findings", "").strip(),
        mask=inside(values["mask"], root, "mask") if said["mask"] else "",
        split=said["split"],
        extra={_free(name): text.strip() for name, text in values.items() if name not in COLUMNS},
    )


def odd_sex(text: str) -> bool:
    """Whether something is said that is no known word for a sex."""
    word = text.strip().casefold()
    return word not in SEXES and word not in UNSAID and word != "u"


def years(text: str) -> float | None:
    """An age in years from "42", "42.0" or DICOM's "039Y", "006M", "010W", "003D" (PS3.5 6.2, AS).

    None if nothing is said. Raises `BadRowError` for anything else.
    """
    if text.strip().casefold() in UNSAID:
        return None
    match = AGE.fullmatch(text.strip())
    age = float(match[1]) * YEARS[match[2].upper() or "Y"] if match else -1.0
    if not 0 <= age <= OLDEST:
        raise BadRowError("age is not a number of years from 0 to 150, such as 42, 039Y or 006M")
    return age


def inside(text: str, root: Path, column: str) -> str:
    """A path in the archive, relative to `root`, POSIX, without "." and "..".

    An absolute path is taken if it lies in `root`. Raises `BadRowError`.
    """
    text = text.strip().replace("\\", "/")  # as Windows writes it
    if not text:
        raise BadRowError(f"{column} is empty")
    if text.startswith("/"):
        absolute = Path(posixpath.normpath(text))
        for start in (root.absolute(), root.resolve()):
            if absolute.is_relative_to(start):
                text = absolute.relative_to(start).as_posix()
                break
        else:
            raise BadRowError(f"{column} is absolute and not in the archive; make it relative")
    path = posixpath.normpath(text)
    if path == ".." or path.startswith("../"):
        raise BadRowError(f"{column} leads out of the archive")
    return path


def _unless_unsaid(label: str) -> str:
    return "" if label.casefold() in ("", "nan", "none", "null", "n/a") else label


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _free(name: str) -> str:
    return f"manifest_{name}" if name in RESERVED else name
