"""Scaled, turned, moved and cropped, as if the patient stood otherwise before the detector.

Never mirrored: the heart would be on the wrong side.
"""

import math

import numpy as np

from models.augmenting import Film, Told
from models.augmenting.warp import Matrix, moved

# As of `models.training.augment.Augmentation`, which has no crop unless asked.
ROTATION = 10.0  # degrees to each side
SCALE = 0.15  # 0.85 to 1.15 times
SHIFT = 0.08  # of the side
CROP = 0.1  # up to this share of the area is cut away and the rest enlarged


def geometry(film: Film, partner: Film | None, rng: np.random.Generator) -> tuple[Film, Told]:
    """The film under a random similarity and crop; one interpolation for all of it."""
    rotation = float(rng.uniform(-ROTATION, ROTATION))
    scale = float(rng.uniform(1 - SCALE, 1 + SCALE))
    right, down = (float(part) for part in rng.uniform(-SHIFT, SHIFT, 2))
    kept = math.sqrt(1 - float(rng.uniform(0, CROP)))
    at = rng.uniform(0, 1, 2)
    rows, columns = film.shape
    turned = _about_centre(rotation, scale, (right * columns, down * rows), film.shape)
    left, top = (1 - 1 / kept) * at * (columns, rows)
    cut = np.array([[1 / kept, 0, left], [0, 1 / kept, top]])
    matrix = cut @ np.vstack([turned, [0, 0, 1]])
    told = {"rotation": rotation, "scale": scale, "right": right, "down": down, "crop": 1 - kept**2}
    return moved(film, matrix, film.shape), told


def _about_centre(
    degrees: float, scale: float, shift: tuple[float, float], shape: tuple[int, int]
) -> Matrix:
    turn = math.radians(degrees)
    linear = scale * np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    centre = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])
    return np.column_stack([linear, centre - linear @ centre + shift])
