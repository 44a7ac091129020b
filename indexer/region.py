"""The region of a scan that a query is about: a box, a box in a volume, or a mask in a file.

It is told in pixels of the scan as its file holds it, and found again in what the encoder sees.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from indexer import read
from indexer.preprocess import Step
from indexer.preprocess.mend import crop_mask
from indexer.scan import Scan
from indexer.segment import box_of
from models.arrays import FloatImage, Mask
from models.errors import UnreadableScan, UsageError
from models.regions.cells import shares

CODE = "region"
"""Of the `UnreadableScan` by which a worker says that the region does not fit the scan."""

SMALLEST = 16
"""Pixels: fewer show nothing that could be compared."""

_NUMBERS = re.compile(r"[\s\d.,+-]*|.*\b(nan|inf|infinity)\b.*", re.IGNORECASE)
_WHOLE = re.compile(r"\s*\d{1,9}\s*")
_FORM = "it is written x,y,w,h in pixels, in a volume x,y,z,w,h,d with slices from 0, or is a file"


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a scan, in pixels from its left upper corner, as its file holds it.

    `x`, `y`, `width`, `height`: a box. `z`, `depth`: its first slice from 0, and how many; `z` is
    None for a picture. `mask`: a file of the scan's size instead, black outside the region.
    """

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    z: int | None = None
    depth: int = 1
    mask: Path | None = None

    def told(self) -> dict[str, Any]:
        """As a worker's params hold it."""
        mask = "" if self.mask is None else str(self.mask)
        down = None if self.z is None else [self.z, self.depth]
        return {"box": [self.x, self.y, self.width, self.height], "down": down, "mask": mask}


def parsed(text: str) -> Region:
    """What `--region` says. Raises `UsageError`."""
    if not _NUMBERS.fullmatch(text):
        return Region(mask=Path(text))
    parts = text.split(",")
    if not all(map(_WHOLE.fullmatch, parts)) or len(parts) not in (4, 6):
        raise UsageError(f"the region {text!r} is not one: {_FORM}; each number is whole, from 0")
    numbers = [int(part) for part in parts]
    if len(numbers) == 4:
        return Region(numbers[0], numbers[1], numbers[2], numbers[3])
    x, y, z, width, height, depth = numbers
    return Region(x, y, width, height, z, depth)


def mask_in(scan: Scan, told: Mapping[str, Any]) -> Mask:
    """The region in a scan: bool, the shape of its pixels without the colour axis.

    `told`: from `Region.told`. Raises `UnreadableScan` with `CODE` where it does not fit.
    """
    shape = scan.pixels.shape[: 3 if scan.volume else 2]
    found = _from_file(shape, Path(told["mask"])) if told["mask"] else _box(shape, told)
    count = int(found.sum())
    if count < SMALLEST:
        raise _refused(
            f"it has {count} pixels; give one of at least {SMALLEST}, such as 4 x 4"
            if count
            else "the mask is empty: it has no pixel brighter than black"
        )
    return found


def _box(shape: Sequence[int], told: Mapping[str, Any]) -> Mask:
    x, y, width, height = told["box"]
    rows, columns = shape[-2:]
    size = f"{columns} x {rows} pixels"
    found = np.zeros(shape, bool)
    if len(shape) == 3:
        if told["down"] is None:
            raise _refused(f"the scan has {shape[0]} slices of {size}; give x,y,z,w,h,d")
        z, depth = told["down"]
        if depth < 1 or z + depth > shape[0]:
            raise _refused(
                f"slices {z} to {z + depth - 1} are not in the scan, which has 0 to {shape[0] - 1}"
            )
    elif told["down"] is not None and told["down"] != [0, 1]:
        raise _refused(f"the scan is one picture of {size}; give x,y,w,h")
    if width < 1 or height < 1 or x + width > columns or y + height > rows:
        raise _refused(f"{x},{y},{width},{height} is not inside the image, which has {size}")
    place = (slice(y, y + height), slice(x, x + width))
    found[(slice(z, z + depth), *place) if len(shape) == 3 else place] = True
    return found


def _from_file(shape: tuple[int, ...], path: Path) -> Mask:
    try:
        scan = read.read([path])
    except UnreadableScan as error:
        raise _refused(f"its mask cannot be read: {error}") from error
    pixels = scan.pixels.max(axis=-1) if scan.colour else scan.pixels
    if pixels.shape != shape:
        sizes = [" x ".join(map(str, one)) for one in (pixels.shape, shape)]
        raise _refused(f"its mask has another size ({sizes[0]}) than the scan ({sizes[1]})")
    if not np.isfinite(pixels).all():
        raise _refused("its mask holds values that are no numbers (NaN)")
    return np.asarray(pixels > 0)


def touched(region: Mask, volume: bool, most: int) -> list[int]:
    """At most `most` slices in which the region lies, evenly spaced; [0] for a picture."""
    if not volume:
        return [0]
    there = np.flatnonzero(region.any(axis=(1, 2)))
    count = min(len(there), most)
    return [int(there[int((i + 0.5) * len(there) / count)]) for i in range(count)]


def extent(region: Mask, volume: bool) -> list[int]:
    """The box around a region: x, y, width, height, first slice, slices."""
    box = [(side.start, side.stop - side.start) for side in box_of(region)]
    (z, depth), (y, height), (x, width) = box if volume else [(0, 1), *box]
    return [x, y, width, height, z, depth]


def weights_of(
    regions: Sequence[Mask], taken: Sequence[Mask | None], cuts: Sequence[Step], grid: Sequence[int]
) -> FloatImage:
    """How much of each cell lies in the region: float32 (n, cells), of each slice.

    `regions`: bool (rows, columns), as in the file. `taken`: after `cuts`, the masks whose boxes
    the encoder saw. Raises `UnreadableScan` with `CODE` where nothing of the region was left.
    """
    found = []
    for region, mask in zip(regions, taken, strict=True):
        for step in cuts:
            region = crop_mask(region, step)
        if mask is not None and mask.any():
            region = region[box_of(mask)]
        down, across = shares(region.shape[0], grid[0]), shares(region.shape[1], grid[1])
        found.append((down @ region.astype(np.float32) @ across.T).ravel())
    weights = np.asarray(np.stack(found), np.float32)
    if not weights.any():
        raise _refused(
            "it lies in what is cut off before a scan is described (an empty border, or what is "
            "outside the body); `cbir segment` shows what counts"
        )
    return weights


def _refused(sentence: str) -> UnreadableScan:
    return UnreadableScan(CODE, f"the region does not fit: {sentence}")
