import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from indexer.preprocess import parse_chain, preprocess
from indexer.read import read
from indexer.scan import Header, Scan
from indexer.segment import box_of, method_for, methods_with, overlay, segment
from models.arrays import Mask
from models.errors import UsageError
from tests.models.segmenters.phantoms import SPACING_MM, chest, dice, disc, noisy

LESION = disc((110, 140), (50, 60))
PICTURE = Scan(np.where(LESION, np.float32(0.8), np.float32(0.3)), unit="display")


def phantom(modality: str = "CT", body_part: str = "CHEST") -> Scan:
    volume, _, _ = chest()
    header = Header(modality=modality, body_part=body_part)
    return Scan(noisy(volume, 20), unit="HU", bits=16, spacing_mm=SPACING_MM, header=header)


def shown(scan: Scan, steps: str = "window:-600,1500HU") -> Scan:
    return preprocess(scan, parse_chain(steps))


def test_auto_takes_the_lungs_of_a_chest_and_the_body_of_others() -> None:
    _, body, lungs = chest()
    found = segment(phantom(), shown(phantom()), "auto")
    assert (found.method, found.fell_back, found.reason) == ("ct_lungs", False, "")
    assert found.mask is not None
    assert dice(found.mask, lungs) > 0.97
    found = segment(phantom(body_part="ABDOMEN"), shown(phantom()), "auto")
    assert found.method == "ct_body"
    assert dice(found.mask, body) > 0.99


def test_auto_takes_all_of_a_film() -> None:
    scan = Scan(PICTURE.pixels * 255, header=Header(modality="CR", body_part="CHEST"))
    found = segment(scan, PICTURE, "auto")
    assert (found.mask, found.method, found.fell_back) == (None, "none", False)


def test_methods_by_modality() -> None:
    chest_ct = Header(modality="CT", body_part="CHEST")
    assert method_for(chest_ct) == "ct_lungs"
    assert method_for(chest_ct, methods_with({"CT": "otsu"})) == "otsu"
    assert method_for(chest_ct, methods_with({"US": "otsu"})) == "ct_lungs"
    assert method_for(Header(modality="XC"), methods_with({"": "otsu"})) == "otsu"
    assert method_for(Header(modality="MR")) == "none"


def test_a_ct_that_is_a_picture_falls_back_and_says_so() -> None:
    scan = Scan(PICTURE.pixels * 255, header=Header(modality="CT", body_part="CHEST"))
    found = segment(scan, PICTURE, "auto")
    assert (found.mask, found.fell_back) == (None, True)
    assert found.reason == (
        "ct_lungs: it works on HU, and this scan's values are 'stored'; the whole scan is used"
    )


def test_nothing_found_falls_back() -> None:
    flat = Scan(np.full((40, 40), 0.5, np.float32), unit="display")
    found = segment(flat, flat, "otsu")
    assert (found.mask, found.fell_back) == (None, True)
    assert found.reason == "otsu: nothing was found; the whole scan is used"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (slice(0, 0), "given: it found 0.0% of the scan, less than 1%"),
        (slice(0, 256), "given: it found 100.0% of the scan, more than 99%"),
    ],
)
def test_an_implausible_area_falls_back(rows: slice, reason: str) -> None:
    mask = np.zeros((256, 256), bool)
    mask[rows] = True
    found = segment(PICTURE, PICTURE, "given", mask)
    assert (found.mask, found.fell_back) == (None, True)
    assert found.reason == f"{reason}; the whole scan is used"


def test_a_given_mask() -> None:
    found = segment(PICTURE, PICTURE, "given", LESION)
    assert found.method == "given"
    np.testing.assert_array_equal(found.mask, LESION)
    found = segment(PICTURE, PICTURE, "given")
    assert (
        found.reason
        == "given: the archive has no mask for this scan that can be read; the whole scan is used"
    )
    found = segment(PICTURE, PICTURE, "given", np.ones((3, 3), bool))
    assert "the mask's shape (3, 3) is not the scan's, (256, 256)" in found.reason


def test_padding_is_never_inside() -> None:
    scan = phantom()
    volume = scan.pixels.copy()
    volume[:, :, :30], volume[0, 0, 200] = 3000, np.nan
    valid = np.ones(volume.shape, bool)
    valid[:, :, :30] = False
    scan = Scan(volume, unit="HU", valid=valid, spacing_mm=SPACING_MM)
    found = segment(scan, shown(scan), "ct_body")
    assert found.mask is not None
    assert not found.mask[:, :, :30].any()
    assert dice(found.mask, chest()[1] & valid) > 0.98
    assert np.isnan(scan.pixels[0, 0, 200])  # the scan itself is left as it was


def test_colour_is_segmented_by_its_luminance() -> None:
    inside, outside = np.array([[0.6, 0.3, 0.2], [0.9, 0.7, 0.7]], np.float32)
    pixels = np.where(LESION[..., None], inside, outside)
    scan = Scan(pixels, unit="display", colour=True)
    assert dice(segment(scan, scan, "otsu").mask, LESION) > 0.98


def test_a_method_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="there is no segmenter 'lungs'"):
        segment(PICTURE, PICTURE, "lungs")


def test_the_box_of_a_mask() -> None:
    mask = np.zeros((100, 80), bool)
    mask[20:40, 10] = mask[30, 10:50] = True
    assert box_of(mask) == (slice(20, 40), slice(10, 50))
    assert box_of(mask, 0.1) == (slice(18, 42), slice(6, 54))
    assert box_of(mask, 5.0) == (slice(0, 100), slice(0, 80))
    assert box_of(np.zeros((3, 4), bool)) == (slice(0, 3), slice(0, 4))


@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=3, max_side=8)), st.floats(0, 2))
def test_a_box_holds_its_mask(mask: Mask, margin: float) -> None:
    assert mask[box_of(mask, margin)].sum() == mask.sum()


def test_the_overlay_of_a_picture() -> None:
    drawn = overlay(PICTURE, LESION)
    assert drawn.shape == (640, 640, 3)
    assert drawn[275, 350].tolist() == [214, 205, 163]  # four fifths of 204, a fifth of yellow
    assert drawn[10, 10].tolist() == [76, 76, 76]
    np.testing.assert_array_equal(overlay(PICTURE, None)[275, 350], [204, 204, 204])


def test_the_overlay_of_a_volume_is_a_sheet_of_slices() -> None:
    volume = np.zeros((30, 40, 80), np.float32)
    scan = Scan(volume, unit="display")
    assert overlay(scan, np.ones(volume.shape, bool)).shape == (3 * 160, 4 * 320, 3)
    assert overlay(Scan(volume[:2], unit="display"), None).shape == (160, 640, 3)
    colour = Scan(np.zeros((5, 40, 40, 3), np.float32), unit="display", colour=True)
    assert overlay(colour, None).shape == (640, 1280, 3)


# Litres of air-filled lung in each series, as drawn and looked at slice by slice.
@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "lungs_l", "body_l"),
    [
        ("covid-19/P001", 6.23, 23.0),
        ("normal/normal001", 3.50, 23.0),
        ("pneumonia/cap001", 5.92, 14.7),
    ],
)
def test_real_chest_ct(shared: Path, folder: str, lungs_l: float, body_l: float) -> None:
    scan = read(sorted((shared / "chest_ct" / folder).glob("*.dcm")))
    assert scan.spacing_mm is not None
    assert scan.unit == "HU"
    litre = float(np.prod(scan.spacing_mm)) / 1e6
    lungs = segment(scan, shown(scan), "ct_lungs").mask
    body = segment(scan, shown(scan), "ct_body").mask
    assert lungs is not None and body is not None
    assert lungs.sum() * litre == pytest.approx(lungs_l, rel=0.02)
    assert body.sum() * litre == pytest.approx(body_l, rel=0.02)
    assert (lungs & ~body).sum() < 0.01 * lungs.sum()
    assert -870 < np.median(scan.pixels[lungs]) < -780


@pytest.mark.shared
def test_skin_lesions_are_found_by_otsu(shared: Path) -> None:
    folder = shared / "multimodality"
    with (folder / "cases.csv").open(encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if "derm" in row["path"]][:40]
    fell_back = 0
    for row in rows:
        stored = cv2.imread(str(folder / row["path"]))
        assert stored is not None
        pixels = np.ascontiguousarray(stored[..., ::-1], np.float32) / np.float32(255)
        scan = Scan(pixels, unit="rgb", colour=True)
        fell_back += segment(scan, shown(scan, "voi"), "otsu").fell_back
    assert len(rows) == 40
    assert fell_back == 0
