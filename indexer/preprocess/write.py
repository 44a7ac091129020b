"""The result of a chain, written for a viewer: PNG for a picture, NIfTI for a volume."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.commit import write_file, writing
from indexer.scan import Scan
from models.errors import UsageError

_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def write_result(scan: Scan, out: Path) -> None:
    """Writes a preprocessed scan (unit "display", range 0..1) to `out`, whole or not at all.

    A picture: `.png` of 8 bits, or of 16 where the source had more than 8. A volume: `.nii` or
    `.nii.gz` of the same bits, scaled so that it reads as 0..1, with the scan's spacing in mm
    (1 where unknown); colour frames have 8 bits. Position and tilt are not kept.

    Raises `UsageError` for another ending, and `CannotWrite`.
    """
    wanted = (".nii", ".nii.gz") if scan.volume else (".png",)
    if not out.name.lower().endswith(wanted):
        kind = "a volume" if scan.volume else "a picture"
        raise UsageError(f"{out.name!r}: {kind} is written as {' or '.join(wanted)}; rename it")
    data = _nifti(scan, out.name) if scan.volume else _png(scan)
    part = out.with_name(f"{out.name}.part")
    try:
        write_file(part, data)
        with writing(out):
            part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def _levels(scan: Scan, bits: int) -> NDArray[Any]:
    levels = np.rint(scan.pixels.clip(0, 1) * (255 if bits <= 8 else 65535))
    kind: type[np.uint8] | type[np.uint16] = np.uint8 if bits <= 8 else np.uint16
    return np.asarray(levels.astype(kind))


def _png(scan: Scan) -> bytes:
    levels = _levels(scan, scan.bits)
    _, data = cv2.imencode(".png", levels[..., ::-1] if scan.colour else levels)
    return bytes(data)


def _nifti(scan: Scan, name: str) -> bytes:
    import gzip

    import nibabel

    nib: Any = nibabel  # typed in parts only
    levels = _levels(scan, 8 if scan.colour else scan.bits)
    if scan.colour:
        levels = np.ascontiguousarray(levels).view(_RGB)[..., 0]
    spacing = scan.spacing_mm if scan.spacing_mm and len(scan.spacing_mm) == 3 else (1.0, 1.0, 1.0)
    # Ours run from foot to head, front to back, right to left; NIfTI's axes are the other way
    # round in order, and to the right and to the front in sign.
    affine = np.diag([-spacing[2], -spacing[1], spacing[0], 1.0])
    image = nib.Nifti1Image(levels.transpose(2, 1, 0), affine)
    image.header.set_xyzt_units("mm")
    if not scan.colour:
        image.header.set_slope_inter(1 / np.iinfo(levels.dtype).max, 0)
        image.header["cal_min"], image.header["cal_max"] = 0.0, 1.0
    data = bytes(image.to_bytes())
    return gzip.compress(data, 6, mtime=0) if name.lower().endswith(".gz") else data
