"""Worker side: a scan as a viewer shows it, in its own grey levels, up to 16 bits.

The frames are written to a file rather than sent: a series may be larger than a message. Windowing
is left to the viewer; nothing is mended and nothing is cut.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.config import Config, from_json
from indexer.prepare import prepared_scan, slices_of
from indexer.quality.table import findings
from indexer.read import edges, read
from indexer.scan import Scan
from indexer.voi import full_range
from models.errors import UnreadableScan

Meta = dict[str, Any]
Arrays = dict[str, np.ndarray]

LEVELS = 65535
_WHOLE = {"<i2": (-32768, 32767), "<u2": (0, 65535)}


def display(params: Mapping[str, Any]) -> tuple[Meta, Arrays]:
    """Worker side: writes frames and, where there is one, the region's mask; tells what they are.

    `params`: `paths` (the files of one scan), `config` (as JSON), `frames` and `mask` (files to
    write). Frames lie one after the other, row-major; of the mask uint8 0 or 255. `mask` in what is
    given says whether it was written. Raises `UnreadableScan`.
    """
    scan = read([Path(path) for path in params["paths"]])
    config = from_json(json.loads(params["config"]))
    stored, slope, intercept = levels_of(scan)
    Path(params["frames"]).write_bytes(np.ascontiguousarray(stored).tobytes())
    voi = scan.voi or full_range(scan)
    low, high = float(np.nanmin(stored)), float(np.nanmax(stored))
    spacing = scan.spacing_mm or ()
    chosen = slices_of(scan, config.slices)
    meta = {
        "frames": len(stored) if scan.volume else 1,
        "width": int(stored.shape[2 if scan.volume else 1]),
        "height": int(stored.shape[1 if scan.volume else 0]),
        "samples": 3 if scan.colour else 1,
        "dtype": {"|u1": "uint8", "<u2": "uint16", "<i2": "int16"}[stored.dtype.str],
        "slope": slope,
        "intercept": intercept,
        "unit": "HU" if scan.unit == "HU" else "",
        "range": [low * slope + intercept, high * slope + intercept],
        "window": _window(voi),
        "inverted": scan.inverted,
        "spacing_mm": list(spacing[-2:]) if len(spacing) >= 2 else None,
        "slice_spacing_mm": spacing[0] if len(spacing) == 3 else None,
        "orientation": _orientation(params["paths"]),
        "modality": scan.header.modality,
        "body_part": scan.header.body_part,
        "view": scan.header.view,
        "sex": scan.header.sex,
        "age": scan.header.age,
        "middle": chosen[len(chosen) // 2] if scan.volume else 0,
        "quality": [str(one) for one in findings(scan, chosen[len(chosen) // 2])],
        "mask": _mask(scan, config, Path(params["mask"])),
    }
    return meta, {}


def levels_of(scan: Scan) -> tuple[NDArray[Any], float, float]:
    """Pixels as uint8 (colour), int16 or uint16, and slope and intercept back to the scan's unit.

    Whole numbers of 16 bits stay what they are; others are spread over 16 bits. What is not a
    number, or is padding, gets the value that is shown darkest.
    """
    pixels = scan.pixels
    if scan.colour:
        clipped = np.nan_to_num(np.clip(pixels, 0.0, 1.0))
        return np.rint(clipped * 255).astype("|u1"), 1 / 255, 0.0
    real = np.isfinite(pixels) if scan.valid is None else np.isfinite(pixels) & scan.valid
    low = float(pixels.min(where=real, initial=np.inf))
    high = float(pixels.max(where=real, initial=-np.inf))
    if not low <= high:  # nothing was measured
        low = high = 0.0
    filled = np.where(real, pixels, high if scan.inverted else low)
    if np.array_equal(filled, np.rint(filled)):
        for dtype, (least, most) in _WHOLE.items():
            if least <= low and high <= most:
                return filled.astype(dtype), 1.0, 0.0
    slope = (high - low) / LEVELS or 1.0
    return np.rint((filled - low) / slope).astype("<u2"), slope, low


def _window(voi: Any) -> dict[str, Any] | None:
    if voi.table is not None:
        return None
    return {"center": voi.centre, "width": voi.width, "function": voi.function}


def _orientation(paths: list[str]) -> dict[str, str] | None:
    try:
        return edges(Path(paths[len(paths) // 2]))
    except UnreadableScan:
        return None


def _mask(scan: Scan, config: Config, target: Path) -> bool:
    """Writes the region that the index's own method finds, where it lies on the scan as it is."""
    try:
        region = prepared_scan(scan, config).region.mask
    except UnreadableScan:
        return False
    shape = scan.pixels.shape[:-1] if scan.colour else scan.pixels.shape
    if region is None or region.shape != shape:
        return False
    target.write_bytes((region.astype(np.uint8) * 255).tobytes())
    return True
