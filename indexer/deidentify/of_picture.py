"""Pictures: a PNG of their pixels, and nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.deidentify import CODE, Names
from indexer.read.contract import Limits
from indexer.scan import Scan
from models.errors import UnreadableScan


def written(
    paths: Sequence[Path], scan: Scan, names: Names, limits: Limits
) -> list[tuple[str, bytes]]:
    """Name and bytes of the one file. Raises `UnreadableScan` for what a PNG cannot hold."""
    import cv2

    if scan.volume:
        raise UnreadableScan(CODE, "a picture with several pages is not kept; hand in one of them")
    dtype, most = (np.uint8, 255) if scan.bits <= 8 else (np.uint16, 65535)
    stored = scan.pixels * most if scan.colour else scan.pixels
    whole: NDArray[np.integer[Any]] = np.clip(np.rint(stored), 0, most).astype(dtype)
    if scan.colour:
        whole = np.ascontiguousarray(whole[..., ::-1])  # OpenCV's order: blue first
    if scan.valid is not None:
        colours = whole if scan.colour else np.repeat(whole[..., None], 3, axis=-1)
        alpha = (scan.valid * most).astype(dtype)[..., None]
        whole = np.concatenate([colours, alpha], axis=-1)
    done, data = cv2.imencode(".png", whole)
    if not done:
        raise UnreadableScan(CODE, "the picture cannot be written as PNG")
    return [("scan.png", data.tobytes())]
