"""Pictures of nothing, to learn from what an encoder tells apart without a patient's film.

Clouds of noise whose spectrum falls as that of photographs does (Field 1987), with edges between
them. Made of a fixed seed, so they are the same wherever they are made.
"""

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage

COUNT = 48
_SEED = 0


def pictures(size: int, count: int = COUNT) -> ByteImage:
    """uint8 (count, size, size, 3), grey three times."""
    random = np.random.default_rng(_SEED)
    return np.stack([np.repeat(_one(random, size)[..., None], 3, axis=-1) for _ in range(count)])


def _one(random: np.random.Generator, size: int) -> ByteImage:
    base, edges, fine = (_cloud(random, size) for _ in range(3))
    inside = edges > random.uniform(-1, 1)
    values = base * random.uniform(0.3, 1) + inside * random.uniform(-2, 2)
    values = values + cv2.GaussianBlur(fine, (0, 0), 3)
    low, high = values.min(), values.max()
    levels = (values - low) / max(float(high - low), 1e-6)
    levels = (levels - 0.5) * random.uniform(0.8, 1.8) + random.uniform(0.3, 0.7)
    return np.asarray(np.clip(levels, 0, 1) * 255, np.uint8)


def _cloud(random: np.random.Generator, size: int) -> FloatImage:
    """float32 (size, size), of mean 0 and deviation 1."""
    rate = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    rate[0, 0] = 1 / size
    turned = np.exp(2j * np.pi * random.random(rate.shape))
    values = np.fft.irfft2(turned / rate ** (0.8 + 1.6 * random.random()), s=(size, size))
    return np.asarray((values - values.mean()) / values.std(), np.float32)
