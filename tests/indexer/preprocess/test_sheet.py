import numpy as np
import pytest

from indexer.preprocess import parse_chain, preprocess
from indexer.preprocess.sheet import before_after_sheet
from indexer.scan import Scan
from models.arrays import ByteImage
from tests.indexer.preprocess.scans import every_kind

# Each half is 480 pixels of picture between margins of 24; the picture begins below the title.
BEFORE = (slice(44, 524), slice(24, 504))
AFTER = (slice(44, 524), slice(552, 1032))
PLOT = (slice(548, 698), slice(24, 504))


def sheet(scan: Scan, steps: str = "voi") -> ByteImage:
    return before_after_sheet(scan, preprocess(scan, parse_chain(steps)))


@pytest.mark.parametrize("kind", list(every_kind()))
def test_every_kind_of_scan_has_a_sheet(kind: str) -> None:
    drawn = sheet(every_kind()[kind], "voi,clahe:2,4")
    assert drawn.shape == (752, 1056, 3)
    assert drawn.dtype == np.uint8
    assert drawn[BEFORE].std() > 20
    assert (drawn[BEFORE] != drawn[AFTER]).any()


def test_a_volume_shows_its_middle_slice() -> None:
    pixels = np.zeros((3, 10, 10), np.float32)
    pixels[1] = 255
    drawn = sheet(Scan(pixels))
    assert drawn[BEFORE].min() == 255
    assert drawn[AFTER].min() == 255


def test_a_flat_picture_is_not_stretched_to_the_square() -> None:
    drawn = sheet(Scan(np.tile(np.array([0, 255], np.float32), (50, 50))))
    assert drawn[44:164, 24:504].max() == 0  # 100 x 50 pixels: a quarter above and below is free
    assert drawn[164:404, 24:504].max() == 255


def test_the_histogram_has_its_bars_where_the_values_are() -> None:
    pixels = np.full((20, 20), 255, np.float32)
    pixels[:10] = 0
    plot = sheet(Scan(pixels))[PLOT][:-1, :, 0]
    filled = np.flatnonzero((plot == 110).any(axis=0))
    assert filled.tolist() == [0, 1, 2, 3, 4, 5, 474, 475, 476, 477, 478, 479]


def test_padding_is_not_counted() -> None:
    pixels = np.full((20, 20), 255, np.float32)
    pixels[:10] = 0
    scan = Scan(pixels, valid=pixels > 0)
    plot = sheet(scan)[PLOT][:-1, :, 0]
    assert np.flatnonzero((plot == 110).any(axis=0)).min() == 474


@pytest.mark.parametrize("value", [0.0, -1024.0, np.nan])
def test_a_scan_of_one_value_has_a_sheet(value: float) -> None:
    assert sheet(Scan(np.full((8, 8), value, np.float32), bits=16)).shape == (752, 1056, 3)
