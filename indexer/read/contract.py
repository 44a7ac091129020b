"""What every format reader is given and what it gives back."""

from dataclasses import dataclass
from typing import Literal

from indexer.scan import Header

Kind = Literal["dicom", "nifti", "picture"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one scan may cost; checked against the header before anything is decoded.

    `max_pixels`: samples of one scan: rows x columns x colours x frames, all slices of a series
    (120 million are 480 MB as float32: 457 slices of 512 x 512).
    `max_file_bytes`: size of one file on disk.
    `max_inflated_bytes`: what a compressed header or a deflated file may grow to.
    """

    max_pixels: int = 120_000_000
    max_file_bytes: int = 4 << 30
    max_inflated_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Peek:
    """What a file says without its pixels.

    `series`: files with the same key are the slices of one volume, to be handed to `read` together;
    "" if the file is a scan of its own. `position_mm`: where the slice lies along the normal of its
    plane (DICOM PS3.3 C.7.6.2.1.1). `instance_number`: DICOM (0020,0013). `frames`: frames, slices
    or pages in the file.
    """

    kind: Kind
    header: Header
    series: str = ""
    position_mm: float | None = None
    instance_number: int | None = None
    frames: int = 1
