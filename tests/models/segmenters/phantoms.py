"""Made-up scans whose regions are known."""

import numpy as np

from models.arrays import FloatImage, Mask

SPACING_MM = (10.0, 1.5, 1.5)


def disc(centre: tuple[float, float], radii: tuple[float, float], side: int = 256) -> Mask:
    """An ellipse on a square of `side` pixels; centre and radii as (row, column)."""
    y, x = np.mgrid[:side, :side]
    inside = ((y - centre[0]) / radii[0]) ** 2 + ((x - centre[1]) / radii[1]) ** 2 <= 1
    return np.asarray(inside)


def chest() -> tuple[FloatImage, Mask, Mask]:
    """A CT of 6 slices (HU), its body and its lungs.

    In air: a body with two lungs and vessels in them, a trachea, a table below, a cloth above, and
    gas in the stomach on the first slice, which the left lung stands on.
    """
    body = disc((120, 128), (70, 105))
    right, left = disc((120, 75), (50, 34)), disc((120, 181), (50, 34))
    air = np.full((256, 256), -1000, np.float32)
    air[body] = 40
    air[right | left] = -820
    for row in range(85, 160, 15):
        air[row : row + 4, 60:90] = 30  # vessels, 6 mm
    air[disc((100, 128), (6, 6))] = -990  # trachea
    air[200:203] = 100  # table
    air[47, 60:200] = -200  # cloth, touching the skin
    low = np.where(right | left, np.float32(40), air)
    low[disc((110, 175), (20, 20))] = -990
    volume = np.stack([low] + [air] * 5)
    lungs = np.stack([np.zeros_like(body)] + [right | left] * 5)
    return volume, np.stack([body] * 6), lungs


def noisy(pixels: FloatImage, sigma: float, seed: int = 0) -> FloatImage:
    """With Gaussian noise."""
    noise = np.random.default_rng(seed).normal(0, sigma, pixels.shape)
    return (pixels + noise).astype(np.float32)


def dice(one: Mask | None, other: Mask) -> float:
    """Dice's overlap, 0..1; 0 for no mask."""
    if one is None:
        return 0.0
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))
