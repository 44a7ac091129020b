"""Noise: grain in every place, whatever is shown there."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View
from models.arrays import FloatImage

MOST = 0.0145
"""Standard deviation in the range 0..1 that a film may have; 3.7 of 255 levels."""

MOST_OF_OTHERS = 0.025
_GRAINY = frozenset({"CT", "US", "NM", "PT"})  # grain is how they are: speckle, few counts
_SMALLEST_PX = 128
_DARK, _BRIGHT = 0.03, 0.97  # where values are clipped, noise is too
_ENOUGH = 0.05  # of the picture between these two


def noise(view: View) -> Finding | None:
    """The estimated standard deviation of white noise is above 0.0145 (others than films: 0.025).

    Donoho and Johnstone 1994, "Ideal spatial adaptation by wavelet shrinkage": the median of the
    absolute finest diagonal Haar coefficients over 0.6745. Edges are few among them, so they do not
    move the median. Black and white ground is left out. Noise is judged at 512 px; what averages
    out on the way there does not reach the descriptors.

    Not for CT, ultrasound and nuclear medicine. Value: the standard deviation, range 0..1.
    """
    if view.scan.header.modality in _GRAINY or min(view.grey.shape) < _SMALLEST_PX:
        return None
    if not view.brightness:
        return None
    sigma = _sigma(view.grey)
    if sigma <= (MOST if view.film else MOST_OF_OTHERS):
        return None
    sentence = f"its standard deviation is about {sigma:.1%} of the range from black to white"
    return Finding("noise", sentence, sigma)


def _sigma(grey: FloatImage) -> float:
    height, width = grey.shape[0] // 2 * 2, grey.shape[1] // 2 * 2
    even, odd = grey[0:height:2], grey[1:height:2]
    first, second = even[:, 0:width:2], odd[:, 1:width:2]
    diagonal = np.abs(first + second - even[:, 1:width:2] - odd[:, 0:width:2])
    clear = (first > _DARK) & (first < _BRIGHT)
    if clear.mean() < _ENOUGH:
        return 0.0
    return float(np.median(diagonal[clear])) / 2 / 0.6745
