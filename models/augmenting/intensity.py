"""The histogram of one film given to another, as if both came from one machine."""

from dataclasses import replace

import numpy as np

from models.arrays import FloatImage
from models.augmenting import Film, Told
from models.augmenting.place import check_alike

STRENGTH = (0.3, 0.7)  # of the way to the other histogram; all of it looked posterised
STEEPEST = 1.5  # times the own contrast: beyond it noise becomes visible and steps appear
_QUANTILES = np.linspace(0, 1, 129)
_SAMPLE = 1 << 16  # pixels that a histogram is taken from


def intensity(film: Film, partner: Film | None, rng: np.random.Generator) -> tuple[Film, Told]:
    """The film with its grey levels mapped, order kept, towards those of its partner.

    Where both regions are known, their pixels tell the mapping: what lies around the patient, and
    how much of it, differs more than the patient does. Colour is mapped channel by channel.
    """
    partner = check_alike(film, partner)
    strength = float(rng.uniform(*STRENGTH))
    known = all(one.region is not None and one.region.any() for one in (film, partner))
    own, wanted = (_sample(one, known) for one in (film, partner))
    channels = np.atleast_3d(film.pixels)
    mapped = [_mapped(channels[..., c], own[:, c], wanted[:, c]) for c in range(channels.shape[-1])]
    whole = np.stack(mapped, axis=-1).reshape(film.pixels.shape)
    pixels = film.pixels * np.float32(1 - strength) + whole * np.float32(strength)
    told: Told = {"strength": strength, "from": "regions" if known else "frames"}
    return replace(film, pixels=np.asarray(pixels.clip(0, 1), np.float32)), told


def _sample(film: Film, known: bool) -> FloatImage:
    """Pixels, float32 (n, channels): at most `_SAMPLE` of them, evenly taken."""
    channels = np.atleast_3d(film.pixels)
    inside = channels[film.region] if known else channels.reshape(-1, channels.shape[-1])
    return np.asarray(inside[:: max(1, len(inside) // _SAMPLE)])


def _mapped(pixels: FloatImage, own: FloatImage, wanted: FloatImage) -> FloatImage:
    """By quantiles, nowhere steeper than `STEEPEST`; the medians lie on each other."""
    before, first = np.unique(np.quantile(own, _QUANTILES), return_index=True)
    after = np.quantile(wanted, _QUANTILES)[first]
    steps = np.minimum(np.diff(after), STEEPEST * np.diff(before))
    curve = np.concatenate([[0.0], np.cumsum(steps)])
    middle = np.interp(np.median(own), before, curve)
    curve = (curve + np.median(wanted) - middle).clip(0, 1)
    within = (before > 0) & (before < 1)  # black stays black and white stays white
    before = np.concatenate([[0.0], before[within], [1.0]])
    curve = np.concatenate([[0.0], curve[within], [1.0]])
    return np.asarray(np.interp(pixels, before, curve), np.float32)
