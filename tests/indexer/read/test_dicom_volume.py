"""Series, enhanced objects, cine and slides: what is stacked, in which order, how far apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.read import Limits, peek, read
from models.errors import UnreadableScan
from tests.indexer.read.dicom_files import dataset, dicom, item, plane, ramp, save

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def slices(folder: Path, positions: list[float], **elements: Any) -> list[Path]:
    """One file a position; every pixel of a slice holds ten times its position."""
    found = []
    for number, position in enumerate(positions):
        pixels = np.full((4, 5), position * 10, dtype="i2")
        values = plane(position, number + 1) | elements
        found.append(dicom(folder / f"{number}", pixels, **values))
    return found


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([-7.5, -5.0, -2.5, 0.0, 2.5]))
def test_slices_are_stacked_by_position_whatever_their_order(
    tmp_path: Path, positions: list[float]
) -> None:
    scan = read(slices(tmp_path, positions))
    assert scan.pixels[:, 0, 0].tolist() == [-75, -50, -25, 0, 25]
    assert scan.spacing_mm == (2.5, 0.5, 0.25)
    assert len(scan.paths) == 5


def test_slices_of_a_series_share_their_key_and_others_do_not(tmp_path: Path) -> None:
    same = {peek(path).series for path in slices(tmp_path, [0, 1, 2])}
    assert len(same) == 1
    scout = dicom(tmp_path / "scout", ramp(), **plane(0), ImageType=["O", "P", "LOCALIZER"])
    tilted = plane(0) | {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}
    for other in (scout, dicom(tmp_path / "tilted", ramp(), **tilted)):
        assert peek(other).series not in same


def test_each_slice_has_its_own_rescale_and_the_middle_one_gives_the_window(
    tmp_path: Path,
) -> None:
    paths = [
        dicom(
            tmp_path / f"{n}",
            ramp(),
            **plane(n, n),
            RescaleSlope=str(n + 1),
            WindowCenter=str(n),
            WindowWidth="9",
        )
        for n in range(3)
    ]
    scan = read(paths)
    assert scan.pixels[:, 0, 1].tolist() == [1, 2, 3]
    assert scan.voi is not None
    assert scan.voi.centre == 1


def test_padding_of_one_slice(tmp_path: Path) -> None:
    paths = slices(tmp_path, [0, 1, 2], PixelPaddingValue=5)
    paths.append(dicom(tmp_path / "p", ramp(), **plane(3, 9), PixelPaddingValue=5))
    valid = read(paths).valid
    assert valid is not None
    assert np.argwhere(~valid).tolist() == [[3, 1, 0]]


def test_the_same_image_twice_is_taken_once(tmp_path: Path) -> None:
    paths = slices(tmp_path, [0, 1])
    copy = tmp_path / "copy"
    copy.write_bytes(paths[0].read_bytes())
    assert read([*paths, copy]).pixels.shape == (2, 4, 5)


def test_time_points_follow_each_other_and_have_no_slice_spacing(tmp_path: Path) -> None:
    scan = read(slices(tmp_path, [1, 0, 1, 0]))
    assert scan.pixels[:, 0, 0].tolist() == [0, 10, 0, 10]
    assert scan.spacing_mm == (0.5, 0.25)


def test_one_slice_of_a_series_is_a_picture(tmp_path: Path) -> None:
    scan = read(slices(tmp_path, [4]))
    assert scan.pixels.shape == (4, 5)
    assert scan.spacing_mm == (0.5, 0.25)


@pytest.mark.parametrize(
    "other",
    [
        {"SeriesInstanceUID": "9.9"},
        {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]},
        {"PixelSpacing": [0.6, 0.25]},
        {"RescaleSlope": "1"},
        {"PhotometricInterpretation": "MONOCHROME1"},
    ],
)
def test_what_is_not_one_volume_is_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    odd = dicom(tmp_path / "odd", ramp(), **(plane(9, 9) | other))
    with pytest.raises(UnreadableScan) as caught:
        read([*slices(tmp_path, [0, 1]), odd])
    assert caught.value.code == "inconsistent_series"


def test_a_series_is_measured_as_a_whole(tmp_path: Path) -> None:
    paths = slices(tmp_path, [0, 1, 2])
    with pytest.raises(UnreadableScan) as caught:
        read(paths, Limits(max_pixels=59))
    assert caught.value.code == "too_large"
    assert read(paths, Limits(max_pixels=60)).pixels.size == 60


def enhanced(positions: list[float]) -> Any:
    pixels = np.stack([np.full((2, 4), n, "i2") for n in range(len(positions))])
    made = dataset(pixels, SOPClassUID=ENHANCED_CT)
    orientation = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    measures = item(PixelSpacing=[0.5, 0.25], SliceThickness=9)
    made.SharedFunctionalGroupsSequence = [
        item(PlaneOrientationSequence=[orientation], PixelMeasuresSequence=[measures])
    ]
    made.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, position])],
            PixelValueTransformationSequence=[
                item(RescaleSlope="1", RescaleIntercept=str(100 * n), RescaleType="HU")
            ],
            FrameVOILUTSequence=[item(WindowCenter=str(n), WindowWidth="5")],
        )
        for n, position in enumerate(positions)
    ]
    return made


def test_enhanced_frames_are_sorted_and_rescaled_each_by_its_own_group(tmp_path: Path) -> None:
    path = save(enhanced([3.0, 1.0, 2.0]), tmp_path / "scan")
    assert peek(path).frames == 3
    scan = read([path])
    assert scan.pixels[:, 0, 0].tolist() == [101, 202, 0]
    assert scan.spacing_mm == (1.0, 0.5, 0.25)
    assert scan.unit == "HU"
    assert scan.voi is not None
    assert scan.voi.centre == 2  # the middle slice is the last frame of the file


def test_enhanced_frames_at_one_place_stay_in_order(tmp_path: Path) -> None:
    scan = read([save(enhanced([3.0, 3.0, 1.0]), tmp_path / "scan")])
    assert scan.pixels[:, 0, 0].tolist() == [0, 101, 202]
    assert scan.spacing_mm == (0.5, 0.25)


def test_cine_stays_in_order(tmp_path: Path) -> None:
    frames = np.arange(24, dtype="u1").reshape(3, 2, 4)
    region = item(
        PhysicalDeltaX=0.02,
        PhysicalDeltaY=0.03,
        PhysicalUnitsXDirection=3,
        PhysicalUnitsYDirection=3,
    )
    path = dicom(tmp_path / "scan", frames, Modality="US", SequenceOfUltrasoundRegions=[region])
    scan = read([path])
    np.testing.assert_array_equal(scan.pixels, frames)
    assert scan.spacing_mm == pytest.approx((0.3, 0.2))
    assert peek(path).frames == 3


def test_dose_planes_lie_where_their_offsets_say(tmp_path: Path) -> None:
    frames = np.stack([np.full((2, 2), n, "u4") for n in range(3)])
    elements = plane(0) | {"Modality": "RTDOSE", "DoseGridScaling": "0.5", "DoseUnits": "GY"}
    scan = read([dicom(tmp_path / "s", frames, **elements, GridFrameOffsetVector=[0, -3, -6])])
    assert scan.pixels[:, 0, 0].tolist() == [1.0, 0.5, 0.0]
    assert scan.spacing_mm == (3.0, 0.5, 0.25)


def tiled(tmp_path: Path, **elements: Any) -> Path:
    """A slide of 3 x 5 pixels in four tiles of 2 x 3, each in a colour of its own."""
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [51, 51, 0]], "u1")
    tiles = np.broadcast_to(colours[:, None, None], (4, 2, 3, 3)).copy()
    return dicom(
        tmp_path / "slide",
        tiles,
        Modality="SM",
        TotalPixelMatrixRows=3,
        TotalPixelMatrixColumns=5,
        **elements,
    )


def test_a_slide_is_put_together_from_its_tiles(tmp_path: Path) -> None:
    path = tiled(tmp_path)
    assert peek(path).frames == 1
    scan = read([path])
    assert scan.pixels.shape == (3, 5, 3)
    corners = scan.pixels[::2, ::4].reshape(4, 3) * 255
    expected = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [51, 51, 0]]
    np.testing.assert_allclose(corners, expected, atol=1e-3)


def test_sparse_tiles_on_glass(tmp_path: Path) -> None:
    corners = [(1, 4), (1, 1), (3, 1), (9, 9)]  # the last lies outside
    groups = [
        item(
            PlanePositionSlideSequence=[
                item(
                    RowPositionInTotalImagePixelMatrix=row,
                    ColumnPositionInTotalImagePixelMatrix=column,
                )
            ]
        )
        for row, column in corners
    ]
    scan = read([tiled(tmp_path, PerFrameFunctionalGroupsSequence=groups)])
    assert scan.pixels[0, 4].tolist() == [1, 0, 0]
    assert scan.pixels[0, 0].tolist() == [0, 1, 0]
    assert scan.pixels[2, 4].tolist() == [1, 1, 1]


def test_the_label_of_a_slide_names_the_patient(tmp_path: Path) -> None:
    with pytest.raises(UnreadableScan) as caught:
        peek(tiled(tmp_path, ImageType=["ORIGINAL", "PRIMARY", "LABEL", "NONE"]))
    assert caught.value.code == "slide_label"
