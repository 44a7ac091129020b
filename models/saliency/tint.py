"""A map as a tint to lay over its picture: transparent where it says nothing.

The colours rise in lightness from violet over orange to yellow, evenly to the eye and also to the
colour-blind (the perceptually uniform scale "plasma" of van der Walt and Smith 2015, at five of its
points); against a grey film the tint grows denser too.
"""

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.saliency.split import relative

SCALE = (
    (0x0D, 0x08, 0x87),
    (0x7E, 0x03, 0xA8),
    (0xCC, 0x47, 0x78),
    (0xF8, 0x95, 0x40),
    (0xF0, 0xF9, 0x21),
)
"""RGB, from the least to the most."""

FULL = 2.5
"""Mean shares at which the colour is full: the same in every map, so that maps can be compared."""

DENSEST = 0.7
SIZE = 112


def tint(given: FloatImage, size: int = SIZE) -> ByteImage:
    """uint8 (size, size, 4), RGB and opacity, of what each place gives, (rows, columns).

    A place that gives no more than the mean place has no colour.
    """
    import cv2

    above = np.clip((relative(given) - 1) / (FULL - 1), 0, 1)
    smooth = cv2.resize(above, (size, size), interpolation=cv2.INTER_CUBIC)
    level = np.clip(smooth, 0, 1)
    points = np.linspace(0, 1, len(SCALE))
    channels = [np.interp(level, points, [colour[one] for colour in SCALE]) for one in range(3)]
    opacity = 255 * DENSEST * np.sqrt(level)
    return np.asarray(np.rint(np.stack([*channels, opacity], axis=-1)), np.uint8)


def as_png(pixels: ByteImage) -> bytes:
    """A PNG file of RGB or RGB and opacity, uint8 (H, W, 3 or 4)."""
    import cv2

    turned = pixels[..., [2, 1, 0, *range(3, pixels.shape[-1])]]  # OpenCV writes BGR
    return bytes(cv2.imencode(".png", turned)[1].tobytes())


def laid_over(picture: ByteImage, over: ByteImage) -> ByteImage:
    """The tint on its picture: uint8 (size, size, 3). `over`: (size, size, 4)."""
    share = over[..., 3:].astype(np.float32) / 255
    found = picture * (1 - share) + over[..., :3] * share
    return np.asarray(np.rint(found), np.uint8)
