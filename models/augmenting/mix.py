"""Two films in one: laid over each other, or one side of the chest from each.

After mixup (Zhang 2018, "mixup: beyond empirical risk minimization") and CutMix (Yun 2019), within
one class, so that the label is that of both.
"""

from dataclasses import replace

import numpy as np

from models.arrays import FloatImage, Mask
from models.augmenting import Film, Told
from models.augmenting.place import Box, boxes, check_alike, levelled, onto
from models.augmenting.warp import Matrix, moved

SHARE = (0.2, 0.5)  # of the partner, where the films are laid over each other
FADE = 0.12  # of the partner's shorter side: so far from its edge it fades in
SEAM = 0.1  # half of the width of the seam, of the box's width


def mix(film: Film, partner: Film | None, rng: np.random.Generator) -> tuple[Film, Told]:
    """The film with a part of its partner in it, laid there by the boxes of their regions.

    Where a region is not known, frame lies on frame and the films are only laid over each other.
    """
    partner = check_alike(film, partner)
    box, other, known = boxes(film, partner)
    weight, told = _weight(film, box, known, rng)
    matrix = onto(other, box)
    there = moved(replace(partner, lesion=None), matrix, film.shape)
    weight = weight * _present(partner, matrix, film.shape)
    inside = _inside(box, film.shape) & (weight > 0)
    alike = levelled(there.pixels, film.pixels, inside, inside)
    spread = weight[..., None] if film.colour else weight
    pixels = film.pixels * (1 - spread) + alike * spread
    made = Film(
        np.asarray(pixels.clip(0, 1), np.float32), region=_both(film.region, there.region, weight)
    )
    return made, {**told, "aligned": "regions" if known else "frames"}


def _weight(film: Film, box: Box, known: bool, rng: np.random.Generator) -> tuple[FloatImage, Told]:
    """The partner's share of each pixel, float32 (H, W)."""
    share, halves, right = float(rng.uniform(*SHARE)), rng.random() < 0.5, rng.random() < 0.5
    if not (halves and known):
        return np.full(film.shape, share, np.float32), {"kind": "overlay", "share": share}
    middle, half = (box[0] + box[2]) / 2, SEAM * (box[2] - box[0])
    ramp = ((np.arange(film.shape[1]) + 0.5 - middle) / half).clip(-1, 1)
    risen = 0.5 + 0.5 * np.sin(ramp * np.pi / 2)
    across = risen if right else 1 - risen
    told = {"kind": "halves", "side": "right" if right else "left"}
    return np.broadcast_to(across, film.shape).astype(np.float32), told


def _inside(box: Box, shape: tuple[int, int]) -> Mask:
    mask = np.zeros(shape, bool)
    left, top, right, bottom = (round(place) for place in box)
    mask[top:bottom, left:right] = True
    return mask


def _present(partner: Film, matrix: Matrix, shape: tuple[int, int]) -> FloatImage:
    """Where the partner has pixels: 1, falling to 0 at its edges, lest a frame be seen."""
    places = [np.arange(count) + 0.5 for count in partner.shape]
    rows, columns = (np.minimum(place, len(place) - place) for place in places)
    width = FADE * min(partner.shape)
    ramp = np.minimum(rows[:, None], columns[None, :]).clip(0, width) / width
    smooth = np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)
    return moved(Film(smooth), matrix, shape).pixels


def _both(first: Mask | None, second: Mask | None, weight: FloatImage) -> Mask | None:
    """The region of whichever film is seen more; None unless both are known."""
    if first is None or second is None:
        return None
    return np.asarray(np.where(weight > 0.5, second, first))
