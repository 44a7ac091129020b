"""Noise: grain in every place, whatever is shown there."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View, middle
from models.arrays import FloatImage

MOST = 0.013
"""Standard deviation in the range 0..1 that a film may have; 3.3 of 255 levels."""

MOST_OF_OTHERS = 0.016
_GRAINY = frozenset({"CT", "NM", "PT"})  # grain is how they are: few photons
_SMALLEST_PX = 128
_MIDDLE_PX = 384
_DARK, _BRIGHT = 0.03, 0.97  # where values are clipped, noise is too
_BLOCK = 16  # coefficients along a side, 32 pixels
_CLEAR = 0.9  # of a block between black and white, so that it is looked at
_ENOUGH = 8  # blocks
_QUANTILE = 0.25


def noise(view: View) -> Finding | None:
    """The estimated standard deviation of white noise is above 0.013 (others than films: 0.016).

    In each block of 32 x 32 pixels the median of the absolute finest diagonal Haar coefficients
    over 0.6745 (Donoho and Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage"); of the
    blocks in the middle 384 x 384 pixels the lower quartile, since noise is everywhere and texture
    is not. Black and white ground is left out. Noise is judged at 512 px; what averages out on the
    way there does not reach the descriptors.

    Not for CT and nuclear medicine. Value: the standard deviation, range 0..1.
    """
    if view.scan.header.modality in _GRAINY or min(view.grey.shape) < _SMALLEST_PX:
        return None
    if not view.brightness:
        return None
    sigma = _sigma(middle(view.grey, _MIDDLE_PX))
    if sigma <= (MOST if view.film else MOST_OF_OTHERS):
        return None
    sentence = f"its standard deviation is about {sigma:.1%} of the range from black to white"
    return Finding("noise", sentence, sigma)


def _sigma(grey: FloatImage) -> float:
    height, width = (length // (2 * _BLOCK) * 2 * _BLOCK for length in grey.shape)
    # Every second row of coefficients is enough for a median.
    even, odd = grey[0:height:4], grey[1:height:4]
    first, second = even[:, 0:width:2], odd[:, 1:width:2]
    diagonal = np.abs(first + second - even[:, 1:width:2] - odd[:, 0:width:2])
    clear = ((first > _DARK) & (first < _BRIGHT)).astype(np.float32)
    chosen = _blocks(clear).mean(axis=1) > _CLEAR
    if np.count_nonzero(chosen) < _ENOUGH:
        return 0.0
    # Half of them are enough for a quartile.
    blocks = _blocks(diagonal)[chosen][::2]
    place = blocks.shape[1] // 2
    medians = np.partition(blocks, place, axis=1)[:, place]
    return float(np.quantile(medians, _QUANTILE)) / 2 / 0.6745


def _blocks(values: FloatImage) -> FloatImage:
    """One row a block: the 8 x 16 values that were taken of its 16 x 16."""
    down, across = values.shape[0] * 2 // _BLOCK, values.shape[1] // _BLOCK
    parts = values.reshape(down, _BLOCK // 2, across, _BLOCK).transpose(0, 2, 1, 3)
    return parts.reshape(down * across, _BLOCK // 2 * _BLOCK)
