"""What the masks of two lungs measure on a chest film: numbers only; `lung_words` speaks.

Widths are compared with widths only, so that a film squashed to a square measures the same.
"""

import numpy as np

from models.annotators import Taken
from models.annotators.lungs import Lungs
from models.arrays import FloatImage, Mask

ZONES = ("upper", "middle", "lower")
SIDES = ("right", "left")

_HEART_ROWS = (0.4, 0.8)  # of the height that both lungs have: below the hila, above the domes
_FULL_WIDTH = 0.4  # of a lung's greatest width: rows in which it is narrower are apex or recess
_BRIGHTEST = 99.0  # percentile of the film
_HALF_WAY = 0.5


def measure(picture: FloatImage, lungs: Lungs, taken: Taken) -> dict[str, float]:
    """All measurements of a film, by name; what cannot be told is left out.

    `picture`: float32 (H, W), range 0..1, dense tissue bright. `lungs`: masks (H, W).

    `SIDE_lung_area`: share of the film; `..._cm2` where the spacing is known. `left_to_right`: of
    the areas. `asymmetry`: their difference over their sum, 0..1. `heart_to_chest`: see there.
    `SIDE_ZONE_grey`: mean grey of a third of a lung's height, 0 for the median of both lungs, 1
    for the brightest percent of the film. `SIDE_ZONE_bright`: share of it that is nearer to the
    brightest than to the median. SIDE is the patient's.
    """
    found: dict[str, float] = {}
    for side in SIDES:
        mask = getattr(lungs, side)
        if mask is not None:
            found[f"{side}_lung_area"] = float(mask.mean())
            if taken.cm2 is not None:
                found[f"{side}_lung_area_cm2"] = float(mask.mean()) * taken.cm2
    if lungs.right is not None and lungs.left is not None:
        right, left = found["right_lung_area"], found["left_lung_area"]
        found["left_to_right"] = left / right
        found["asymmetry"] = abs(left - right) / (left + right)
        ratio = heart_to_chest(lungs.right, lungs.left)
        if ratio is not None:
            found["heart_to_chest"] = ratio
    return found | _zones(picture, lungs)


def heart_to_chest(right: Mask, left: Mask) -> float | None:
    """The gap between the lungs where it is widest, over the inner chest where it is widest.

    An estimate of the cardiothoracic ratio (Danzer 1919) without seeing the heart: what lies
    between the lungs' inner borders is the heart with all else of the mediastinum, and what of the
    heart lies in front of a lung is not counted. None where no row can be measured.
    """
    rows = np.flatnonzero(right.any(axis=1) & left.any(axis=1))
    if not rows.size:
        return None
    top, height = rows[0], rows[-1] - rows[0] + 1
    inner = rows[(rows >= top + _HEART_ROWS[0] * height) & (rows <= top + _HEART_ROWS[1] * height)]
    wide = (right.sum(axis=1) >= _FULL_WIDTH * right.sum(axis=1).max()) & (
        left.sum(axis=1) >= _FULL_WIDTH * left.sum(axis=1).max()
    )
    inner = inner[wide[inner]]
    if not inner.size:
        return None
    columns = right.shape[1]
    # On the film the patient's right lung is the left one: its inner border is its last column.
    right_ends = columns - right[:, ::-1].argmax(axis=1)
    gap = left.argmax(axis=1)[inner] - right_ends[inner]
    ends = columns - left[:, ::-1].argmax(axis=1)
    chest = ends[rows] - right.argmax(axis=1)[rows]
    return float(max(0, gap.max()) / chest.max())


def _zones(picture: FloatImage, lungs: Lungs) -> dict[str, float]:
    both = [mask for mask in (lungs.right, lungs.left) if mask is not None]
    if not both:
        return {}
    median = float(np.median(picture[np.logical_or.reduce(both)]))
    span = float(np.percentile(picture, _BRIGHTEST)) - median
    if span <= 1 / 255:  # nothing on the film is brighter than its lungs
        return {}
    found = {}
    for side in SIDES:
        mask = getattr(lungs, side)
        if mask is None:
            continue
        rows = np.flatnonzero(mask.any(axis=1))
        for zone, part in zip(ZONES, np.array_split(rows, len(ZONES)), strict=True):
            grey = (picture[part][mask[part]] - median) / span
            if grey.size:
                found[f"{side}_{zone}_grey"] = float(grey.mean())
                found[f"{side}_{zone}_bright"] = float((grey > _HALF_WAY).mean())
    return found
