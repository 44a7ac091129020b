"""Values of a DICOM data set, read tolerantly: an illegal one is as good as none."""

import math
import re
import struct
from collections.abc import Iterable

from pydicom.dataset import Dataset

# What pydicom raises when an element holds what its VR forbids.
ILLEGAL = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
)
_AGE = re.compile(r"\s*(\d{1,3})\s*([DWMY]?)\s*", re.IGNORECASE)
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0, "": 1.0}


def text(dataset: Dataset, keyword: str) -> str:
    """The value as one line of text, several values joined by a backslash; "" if there is none."""
    try:
        value = dataset.get(keyword)
        if value is None or isinstance(value, bytes):
            return ""
        several = not isinstance(value, str) and isinstance(value, Iterable)
        line = "\\".join(str(v) for v in value) if several else str(value)
    except ILLEGAL:
        return ""
    return " ".join(line.replace("\0", " ").split())


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """All values as finite numbers; () if one of them is missing or is not a number."""
    try:
        value = dataset.get(keyword)
        if value is None or value == "" or isinstance(value, bytes):
            return ()
        several = not isinstance(value, str) and isinstance(value, Iterable)
        found = tuple(float(v) for v in value) if several else (float(value),)
    except ILLEGAL:
        return ()
    return found if all(map(math.isfinite, found)) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value as a finite number, or None."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def integer(dataset: Dataset, keyword: str) -> int | None:
    """The first value as a whole number, or None."""
    found = number(dataset, keyword)
    return int(found) if found is not None else None


def items(dataset: Dataset | None, keyword: str) -> list[Dataset]:
    """The items of a sequence; [] if there is none."""
    try:
        found = dataset.get(keyword) if dataset is not None else None
        return [item for item in found or () if isinstance(item, Dataset)]
    except ILLEGAL:
        return []


def years(age: str) -> float | None:
    """DICOM age string (PS3.5 section 6.2, AS: 039Y, 006M, 002W, 010D) in years.

    A bare number is taken as years. None for anything else.
    """
    match = _AGE.fullmatch(age)
    return int(match[1]) * _YEARS[match[2].upper()] if match else None
