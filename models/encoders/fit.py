"""A picture in the size and the form that an encoder takes."""

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage


def fit(image: FloatImage, size: int) -> ByteImage:
    """The picture squashed to a square.

    `image`: float32, (H, W) grey or (H, W, 3) RGB, range 0..1. Returns uint8 (size, size, 3), RGB;
    grey three times.
    """
    small = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    levels: ByteImage = np.rint(np.clip(small, 0.0, 1.0) * 255.0).astype(np.uint8)
    if levels.ndim == 2:
        return np.repeat(levels[:, :, None], 3, axis=2)
    return levels
