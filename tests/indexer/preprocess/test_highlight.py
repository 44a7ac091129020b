"""The structure filters against SciPy and scikit-image, to parts of the strongest response."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from skimage import filters

from indexer.preprocess import parse_chain, preprocess
from indexer.preprocess.highlight import gradient, laplacian, ridges
from indexer.scan import Scan
from models.arrays import FloatImage
from models.errors import UsageError
from tests.indexer.preprocess.scans import film, volume


def noise() -> FloatImage:
    """A block of 36 x 40 x 44 with structures of a few pixels, range about 0..1."""
    rough = np.random.default_rng(0).random((36, 40, 44))
    return np.asarray(0.5 + 5 * (ndimage.gaussian_filter(rough, 2) - 0.5), np.float32)


def close(result: FloatImage, expected: FloatImage, part: float) -> None:
    np.testing.assert_allclose(result, expected, atol=part * float(np.abs(expected).max()))


@pytest.mark.parametrize("pixels", [film() / 255, film() * 257, volume() / 255])
@pytest.mark.parametrize("sigma", [1.0, 2.5])
def test_gradient_and_laplacian_are_those_of_scipy(pixels: FloatImage, sigma: float) -> None:
    sigmas, exact = (sigma,) * pixels.ndim, pixels.astype(np.float64)
    edges = ndimage.gaussian_gradient_magnitude(exact, sigma, mode="nearest") * sigma
    close(gradient(pixels, sigmas), edges, 1e-5)
    # SciPy's kernel does not sum to zero: its Laplacian of a flat picture is 0.2 % of the level.
    blobs = ndimage.gaussian_laplace(exact, sigma, mode="nearest") * sigma**2
    close(laplacian(pixels, sigmas), blobs, 6e-3)


@pytest.mark.parametrize("pixels", [film() / 255, noise()])
def test_ridges_are_those_of_scikit_image(pixels: FloatImage) -> None:
    # It differentiates twice with a smaller Gaussian: equal inside, for sigmas well over a pixel.
    sato: Any = filters.sato  # not typed
    expected = sato(pixels.astype(np.float64), [2.5], black_ridges=False, mode="nearest")
    inner = (slice(12, -12),) * pixels.ndim
    close(ridges(pixels, (2.5,) * pixels.ndim)[inner], expected[inner], 1e-2)


def picture() -> FloatImage:
    """Grey 0.4 with a bright line, a dark line, a bright and a dark disc."""
    pixels = np.full((96, 96), 0.4, np.float32)
    pixels[:, 14:17] = 0.7
    pixels[:, 34:37] = 0.1
    y, x = np.mgrid[:96, :96]
    pixels[(y - 30) ** 2 + (x - 65) ** 2 <= 36] = 0.7
    pixels[(y - 66) ** 2 + (x - 65) ** 2 <= 36] = 0.1
    return pixels


@pytest.mark.parametrize(
    ("steps", "bright_at", "others"),
    [
        ("highlight:vessels,1.5", (48, 15), [(48, 35), (80, 85)]),
        ("highlight:dark-vessels,1.5", (48, 35), [(48, 15), (80, 85)]),
        ("highlight:bright,4", (30, 65), [(66, 65), (80, 85)]),
        ("highlight:dark,4", (66, 65), [(30, 65), (80, 85)]),
        ("highlight:edges,1", (30, 71), [(30, 65), (80, 85)]),
    ],
)
def test_the_chosen_structure_stands_out(
    steps: str, bright_at: tuple[int, int], others: list[tuple[int, int]]
) -> None:
    for scan in (
        Scan(picture(), unit="display"),
        Scan(np.stack([picture()] * 3, axis=-1), unit="display", colour=True),
    ):
        levels = preprocess(scan, parse_chain(steps)).pixels.reshape(96, 96, -1)[..., 0]
        assert levels[bright_at] > 0.6
        for place in others:
            assert levels[place] < 0.35


def test_slices_far_apart_are_looked_at_one_by_one() -> None:
    pixels = np.stack([picture(), picture()[::-1].copy(), picture()])
    scan = Scan(pixels, unit="display", spacing_mm=(10.0, 0.7, 0.7))
    levels = preprocess(scan, parse_chain("highlight:vessels,1mm")).pixels
    assert levels[1, 48, 15] > 0.6
    assert levels[1, 48, 35] < 0.35


def test_a_mask_keeps_its_inside_and_dims_the_rest() -> None:
    scan = Scan(np.full((4, 4), 0.8, np.float32), unit="display")
    mask = np.zeros((4, 4), bool)
    mask[1, 1] = True
    levels = preprocess(scan, parse_chain("highlight:mask,2,0.75"), mask).pixels
    assert levels[1, 1] == pytest.approx(0.8)
    assert levels[0, 0] == pytest.approx(0.2)


def test_a_mask_that_is_missing_or_of_another_shape_is_named() -> None:
    scan = Scan(film())
    with pytest.raises(UsageError, match="needs a mask, and this scan has none"):
        preprocess(scan, parse_chain("highlight:mask"))
    with pytest.raises(UsageError, match=r"the mask is \(3, 3\) and the scan is \(160, 192\)"):
        preprocess(scan, parse_chain("highlight:mask"), np.ones((3, 3), bool))
