"""Real films, and lungs drawn on them: the examples come without masks."""

from pathlib import Path

import cv2
import numpy as np

from models.arrays import FloatImage, Mask
from models.augmenting import Film

FIRST = "tuberculosis/Shenzhen_0339.jpg"
SECOND = "tuberculosis/Shenzhen_0371.jpg"


def film(examples: Path, name: str, lungs: bool = True, colour: bool = False) -> Film:
    read = cv2.imread(str(examples / "archive" / name), cv2.IMREAD_GRAYSCALE)
    assert read is not None
    grey = np.asarray(read, np.float32) / np.float32(255)
    pixels: FloatImage = np.stack([grey, grey**2, 1 - grey], axis=-1) if colour else grey
    return Film(pixels, drawn_lungs(grey.shape) if lungs else None)


def drawn_lungs(shape: tuple[int, ...]) -> Mask:
    """Two upright ellipses, each the other's mirror image."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    y, x = (rows + 0.5) / shape[0], (columns + 0.5) / shape[1]
    sides = [((y - 0.45) / 0.3) ** 2 + ((x - centre) / 0.14) ** 2 < 1 for centre in (0.3, 0.7)]
    return np.asarray(sides[0] | sides[1])
