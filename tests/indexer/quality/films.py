"""The example films that the checks are tried on."""

from pathlib import Path

import cv2
import numpy as np

from models.arrays import FloatImage

ARCHIVE = Path(__file__).resolve().parents[3] / "examples" / "archive"


def levels(path: Path) -> FloatImage:
    """A film's grey levels: float32, 0 to 255."""
    stored = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert stored is not None, path
    return np.asarray(stored, np.float32)


def films(count: int = 12) -> list[FloatImage]:
    """So many of the JPEG films of the example archive, of all three labels."""
    paths = sorted(ARCHIVE.rglob("*.jpg"))
    return [levels(path) for path in paths[:: len(paths) // count][:count]]
