"""From stored values to values in a unit: padding, then the modality transformation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from indexer.read.dicom.codecs import Stored
from indexer.read.dicom.groups import Groups
from indexer.read.dicom.shape import Shape
from indexer.read.dicom.values import integer, items, number, numbers, text
from models.arrays import FloatImage, Mask

_EXACT_BITS = 24  # whole numbers that float32 holds
_NO_UNIT = {"", "US"}  # US: unspecified (PS3.3 C.11.1.1.2)


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup table: stored value `first + i` stands for `values[i]`, beyond its ends as its ends.

    `bits`: range of the output, 0..2^bits - 1.
    """

    first: int
    values: NDArray[Any]
    bits: int


@dataclass(frozen=True, slots=True)
class Modality:
    """The modality transformation (PS3.3 C.11.1): a table, or value x slope + intercept."""

    slope: float = 1.0
    intercept: float = 0.0
    table: Table | None = None
    unit: str = "stored"

    @property
    def plain(self) -> bool:
        """Whether values stay as they are stored."""
        return self.slope == 1.0 and self.intercept == 0.0 and self.table is None


def modality_of(groups: Groups, dataset: Dataset, shape: Shape, frame: int = 0) -> Modality:
    """The transformation for one frame; what is missing or illegal is left out."""
    holder = groups.holder(frame, "PixelValueTransformationSequence")
    for item in items(holder, "ModalityLUTSequence"):
        table = table_of(item, shape.signed)
        if table is not None:
            return Modality(table=table, unit=_unit(text(item, "ModalityLUTType"), dataset, True))
    slope, intercept = number(holder, "RescaleSlope"), number(holder, "RescaleIntercept")
    dose = number(dataset, "DoseGridScaling")
    if slope is None and dose:
        return Modality(slope=dose, unit=text(dataset, "DoseUnits") or "stored")
    unit = _unit(text(holder, "RescaleType"), dataset, slope is not None)
    return Modality(slope or 1.0, intercept or 0.0, None, unit)


def _unit(said: str, dataset: Dataset, rescaled: bool) -> str:
    if said.upper() not in _NO_UNIT:
        return said
    modality = text(dataset, "Modality").upper()
    if modality == "CT" and rescaled:
        return "HU"
    return (text(dataset, "Units") or "stored") if modality == "PT" else "stored"


def table_of(item: Dataset, signed: bool) -> Table | None:
    """A Modality or VOI LUT (PS3.3 C.11.1.1, C.11.2.1.1), or None if it is not a proper one."""
    descriptor, data = numbers(item, "LUTDescriptor"), item.get("LUTData")
    if len(descriptor) != 3 or data is None:
        return None
    count, first, bits = (int(value) for value in descriptor)
    count = count % 65536 or 65536  # 0 stands for 65536
    values = np.frombuffer(data, "<u2") if isinstance(data, bytes) else np.asarray(data, np.int64)
    values = values.reshape(-1).astype(np.int64) & 0xFFFF
    if values.size * 2 == count:  # 8-bit entries, two to a word
        values = np.frombuffer(values.astype("<u2").tobytes(), np.uint8)
    if values.size < 2 or not 1 <= bits <= 16:
        return None
    if signed and first > 0x7FFF:
        first -= 0x10000
    return Table(first, values[:count], bits)


def measured(stored: Stored, modality: Modality, bits: int) -> FloatImage:
    """Stored values of any type in the modality's unit, float32, the same shape."""
    table = modality.table
    if table is not None:
        position = np.clip(stored.astype(np.int64) - table.first, 0, table.values.size - 1)
        return table.values[position].astype(np.float32)
    if modality.plain:
        return stored.astype(np.float32)
    if bits > _EXACT_BITS:
        exact = stored.astype(np.float64) * modality.slope + modality.intercept
        return exact.astype(np.float32)
    values: FloatImage = stored.astype(np.float32)
    values *= np.float32(modality.slope)
    values += np.float32(modality.intercept)
    return values


def valid_of(stored: Stored, dataset: Dataset, shape: Shape) -> Mask | None:
    """False where a stored value is padding (PS3.3 C.7.5.1.1.2), or is no number; None: all valid.

    A file whose every pixel would be padding has a wrong header: all of them are taken.
    """
    if shape.floating:
        valid = np.isfinite(stored)
        return None if valid.all() else valid
    value = integer(dataset, "PixelPaddingValue")
    if value is None:
        return None
    limit = integer(dataset, "PixelPaddingRangeLimit")
    ends = [_as_stored(end, shape) for end in (value, value if limit is None else limit)]
    low, high = min(ends), max(ends)
    padding = (stored >= low) & (stored <= high) if low < high else stored == low
    return None if padding.all() or not padding.any() else ~padding


def _as_stored(value: int, shape: Shape) -> int:
    """A padding value written as unsigned for signed pixels, or the other way round, put right."""
    span = 1 << shape.bits_allocated
    if shape.signed and value >= span // 2:
        return value - span
    return value + span if not shape.signed and value < 0 else value
