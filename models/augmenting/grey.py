"""Brightness, contrast, gamma and noise, as if exposed, developed or scanned otherwise."""

import math
from dataclasses import replace

import cv2
import numpy as np

from models.arrays import FloatImage
from models.augmenting import Film, Told

EXPOSURE = 0.4  # to each side; mid-grey becomes 0.4 to 0.6, as by training's brightness of 0.2
CONTRAST = 0.25  # 0.75 to 1.25 times
GAMMA = 0.3  # exponents exp(-0.3) to exp(0.3)
NOISE = 0.03  # standard deviation, of a range of 1, at most
NOISY = 0.25  # share of the films that get noise
_GRAIN_PX = 512  # longer side of the grid on which noise is drawn


def grey(film: Film, partner: Film | None, rng: np.random.Generator) -> tuple[Film, Told]:
    """The film with other grey levels; its masks stay.

    Exposure and contrast move along an S-shaped curve, as those of a real film do (Hurter and
    Driffield 1890): nothing is cut off. Training's transforms clip, and whole mediastinums turn
    white: they are seen once by a network, these are kept.
    """
    exposure = float(rng.uniform(-EXPOSURE, EXPOSURE))
    contrast = float(rng.uniform(1 - CONTRAST, 1 + CONTRAST))
    gamma = math.exp(float(rng.uniform(-GAMMA, GAMMA)))
    noise = float(rng.uniform(0, NOISE)) if rng.random() < NOISY else 0.0
    pixels = _developed(film.pixels, exposure, contrast) ** np.float32(gamma)
    if noise:
        pixels = np.clip(pixels + _grain(film, noise, rng), 0, 1)
    told = {"exposure": exposure, "contrast": contrast, "gamma": gamma, "noise": noise}
    return replace(film, pixels=np.asarray(pixels, np.float32)), told


def _developed(pixels: FloatImage, exposure: float, contrast: float) -> FloatImage:
    """p -> p^c e^x / (p^c e^x + (1 - p)^c): a straight line in log-odds; 0 and 1 stay."""
    lit = pixels ** np.float32(contrast) * np.float32(math.exp(exposure))
    return np.asarray(lit / (lit + (1 - pixels) ** np.float32(contrast)), np.float32)


def _grain(film: Film, deviation: float, rng: np.random.Generator) -> FloatImage:
    """Noise of that deviation, alike in all channels.

    On a film of many pixels it is drawn on a coarser grid: noise that is independent from pixel to
    pixel would be gone once the film is made smaller for a network.
    """
    rows, columns = film.shape
    coarser = max(1.0, max(rows, columns) / _GRAIN_PX)
    size = (max(1, round(rows / coarser)), max(1, round(columns / coarser)))
    drawn = rng.normal(0, deviation, size).astype(np.float32)
    if size != (rows, columns):
        drawn = np.asarray(cv2.resize(drawn, (columns, rows), interpolation=cv2.INTER_CUBIC))
    return drawn[..., None] if film.colour else drawn
