"""What is remarkable about a scan before anything is done to it."""

import numpy as np

from indexer.scan import Scan

_SMALL_PX = 64
_FEW_LEVELS = 8
_EDGE_SHARE = 0.6


def remarks(scan: Scan, shown: np.ndarray) -> tuple[str, ...]:
    """Sentences about a scan that a person should read before its answer.

    `shown`: float32, range 0..1, the scan (or one slice of it) as a viewer shows it. The checks
    here are the plain ones: size, blankness, over- and underexposure, missing spacing of a volume.
    """
    found = []
    height, width = shown.shape[:2]
    if min(height, width) < _SMALL_PX:
        found.append(f"very small: {width} x {height} pixels")
    sample = shown[:: max(1, height // 128), :: max(1, width // 128)]
    low, high = float(sample.min()), float(sample.max())
    if high - low < 1e-3:
        found.append("blank: every pixel is alike")
    elif np.count_nonzero(np.bincount((sample * 255).astype(np.uint8).ravel())) < _FEW_LEVELS:
        found.append("hardly any grey levels")
    else:
        found += _exposure(sample)
    if scan.volume and not scan.colour and scan.spacing_mm is None:
        found.append("a volume without known distances between slices")
    return tuple(found)


def _exposure(sample: np.ndarray) -> list[str]:
    if float((sample >= 0.99).mean()) > _EDGE_SHARE:
        return ["overexposed or wrongly windowed: most of it is white"]
    if float((sample <= 0.01).mean()) > _EDGE_SHARE + 0.25:
        return ["underexposed or wrongly windowed: most of it is black"]
    return []
