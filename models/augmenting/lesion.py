"""A lesion of one patient, in the same place of another who has the same."""

from dataclasses import replace

import cv2
import numpy as np

from models.arrays import Mask
from models.augmenting import Film, Told
from models.augmenting.asymmetry import opacity
from models.augmenting.blend import blended
from models.augmenting.place import boxes, check_alike, levelled, onto
from models.augmenting.warp import moved
from models.errors import UsageError

# Standard deviations: below, the two lungs are taken to be alike. Set on the archive's films of the
# NLM sets, none of which is measured on: see docs/augmentation.md for who reaches it.
LEAST_SCORE = 1.0
_MARGIN = 0.1  # of its radius: so much around the lesion comes with it
_SHIFT = 0.03  # of the box: places differ that much


def lesion(film: Film, partner: Film | None, rng: np.random.Generator) -> tuple[Film, Told]:
    """The film with its partner's lesion blended in, at the same place of the regions' boxes.

    The partner's own mask of the lesion counts, where there is one; else the place where one lung
    is most opaque against the other, which needs its region. Raises `UsageError` where there is
    neither, or where it would come to lie beyond the film.
    """
    partner = check_alike(film, partner)
    mask, told = _lesion_of(partner)
    target, source, known = boxes(film, partner)
    matrix = onto(source, target)
    matrix[:, 2] += rng.uniform(-_SHIFT, _SHIFT, 2) * (target[2] - target[0])
    there = moved(replace(partner, lesion=_widened(mask)), matrix, film.shape)
    assert there.lesion is not None
    place = _within(there.lesion, film if known else replace(film, region=None))
    if not place.any():
        raise UsageError("the lesion would lie beyond the film")
    like = levelled(there.pixels, film.pixels, there.region if known else None, film.region)
    made = replace(
        film,
        pixels=blended(film.pixels, like, place),
        lesion=place if film.lesion is None else film.lesion | place,
    )
    return made, {**told, "area": float(place.mean()), "aligned": "regions" if known else "frames"}


def _lesion_of(partner: Film) -> tuple[Mask, Told]:
    if partner.lesion is not None and partner.lesion.any():
        return partner.lesion, {"lesion": "mask"}
    if partner.region is None:
        raise UsageError("no mask says where the lungs or the lesion of the other film are")
    found = opacity(partner)
    if found is None or found.score < LEAST_SCORE:
        raise UsageError("no lesion is seen in the other film: its two lungs are alike")
    return found.mask, {"lesion": "estimated", "score": found.score}


def _widened(mask: Mask) -> Mask:
    radius = 1 + _MARGIN * float(np.sqrt(mask.sum() / np.pi))
    distance = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(distance <= radius)


def _within(mask: Mask, film: Film) -> Mask:
    """The part of it in the film's region, and never on the frame's outermost pixels."""
    kept = mask if film.region is None else mask & film.region
    inner = np.zeros(film.shape, bool)
    inner[2:-2, 2:-2] = True
    return np.asarray(kept & inner)
