"""A picture in the size and the form that an encoder takes.

It is squashed to a square. On `multimodality` keeping the proportions between black borders gave
P@5 .743 instead of .739, the centre alone .739 (EfficientNet-Lite0): no more than noise, and
borders would tell where a picture comes from by its shape. The chest films there are all square.
"""

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage
from models.shrink import shrink


def fit(image: FloatImage, size: int) -> ByteImage:
    """The picture squashed to a square.

    `image`: float32, (H, W) grey or (H, W, 3) RGB, range 0..1. Returns uint8 (size, size, 3), RGB;
    grey three times.
    """
    levels = cv2.convertScaleAbs(shrink(image, size, size), alpha=255.0)
    if levels.ndim == 2:
        levels = cv2.merge([levels, levels, levels])
    return np.asarray(levels, np.uint8)
