"""The scans that these tests work on: 8 bits, 16 bits and float, grey and colour, 2D and 3D."""

from pathlib import Path

import cv2
import numpy as np

from indexer.scan import Scan
from models.arrays import FloatImage

FILM = Path(__file__).resolve().parents[3] / "examples" / "archive"


def film() -> FloatImage:
    """A real chest film of the examples, 160 x 192, values 0..255, float32."""
    path = sorted(FILM.rglob("*.jpg"))[0]
    stored = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert stored is not None
    return np.asarray(cv2.resize(stored, (192, 160), interpolation=cv2.INTER_AREA), np.float32)


def volume() -> FloatImage:
    """Twelve slices of 40 x 48 cut from the film, values 0..255."""
    pixels = film()
    return np.stack([pixels[5 * i : 5 * i + 40, 8 * i : 8 * i + 48] for i in range(12)])


def every_kind() -> dict[str, Scan]:
    """One scan of each kind that a step has to take."""
    grey = film()
    light = grey / np.float32(255)
    colour = np.stack([light, 1 - light, np.roll(light, 20, axis=1)], axis=-1)
    ct = volume() * np.float32(8) - np.float32(1024)
    return {
        "8 bits": Scan(grey),
        "16 bits": Scan(grey * np.float32(257), bits=16, inverted=True),
        "float": Scan(light - np.float32(0.3), bits=32),
        "colour": Scan(colour, unit="rgb", colour=True),
        "volume": Scan(ct, unit="HU", bits=16, spacing_mm=(5.0, 0.8, 0.8)),
        "colour frames": Scan(colour[None, :40, :48].repeat(3, axis=0), unit="rgb", colour=True),
    }
