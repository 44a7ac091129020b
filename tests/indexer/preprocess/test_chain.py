from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from indexer.preprocess import DEFAULT_CHAINS, chain_for, chains_with, parse_chain, preprocess
from indexer.preprocess.steps import STEPS
from indexer.scan import Header, Scan, Voi
from models.arrays import FloatImage
from models.errors import UsageError
from tests.indexer.preprocess.scans import every_kind, film

EVERY_STEP = [
    "crop",
    "invert",
    "rewindow:1,99",
    "mean:3",
    "median:3",
    "median:7",
    "gaussian:1.5",
    "voi",
    "window:100,150",
    "window:-600,1500HU",
    "stretch:1,99",
    "gamma:0.8",
    "equalise",
    "clahe:2",
    "lowpass:0.1",
    "highpass:0.05,butterworth,2",
    "bandpass:0.05,0.2",
    "highlight:vessels",
    "highlight:dark-vessels",
    "highlight:edges",
    "highlight:bright,4",
    "highlight:dark,4",
    "highlight:mask",
]


def test_every_step_is_tried_here() -> None:
    assert {text.split(":")[0] for text in EVERY_STEP} == set(STEPS)


@pytest.mark.parametrize("kind", list(every_kind()))
@pytest.mark.parametrize("step", EVERY_STEP)
def test_every_step_takes_every_kind_of_scan(step: str, kind: str) -> None:
    scan = every_kind()[kind]
    mask = np.zeros(scan.pixels.shape[: scan.pixels.ndim - scan.colour], bool)
    mask[..., 10:20, 10:20] = True
    untouched = scan.pixels.copy()
    result = preprocess(scan, parse_chain(step), mask)
    assert result.pixels.shape == scan.pixels.shape
    assert result.pixels.dtype == np.float32
    assert 0.0 <= result.pixels.min() <= result.pixels.max() <= 1.0
    if step != "window:100,150":  # in another unit it sees nothing
        assert result.pixels.max() - result.pixels.min() > 0.1
    assert (result.unit, result.voi, result.inverted) == ("display", None, False)
    assert (result.bits, result.spacing_mm) == (scan.bits, scan.spacing_mm)
    np.testing.assert_array_equal(scan.pixels, untouched)


@settings(deadline=None, max_examples=60)
@given(
    pixels=arrays(
        np.float32, (9, 11), elements=st.floats(-3000, 60000, width=32, allow_subnormal=False)
    ),
    steps=st.lists(st.sampled_from(EVERY_STEP[:-1]), max_size=3),
)
def test_levels_stay_in_range(pixels: FloatImage, steps: list[str]) -> None:
    try:
        chain = parse_chain(steps)
    except UsageError:
        return
    result = preprocess(Scan(pixels, bits=16), chain).pixels
    assert np.isfinite(result).all()
    assert 0.0 <= result.min() <= result.max() <= 1.0


@pytest.mark.parametrize("step", EVERY_STEP[:-1])
@pytest.mark.parametrize("value", [0.0, 77.0, -1024.0, 65535.0])
def test_a_scan_of_one_value_stays_of_one_value(step: str, value: float) -> None:
    result = preprocess(Scan(np.full((24, 20), value, np.float32)), parse_chain(step)).pixels
    assert np.isfinite(result).all()
    assert result.max() - result.min() < 1e-5


# equalise, clahe, stretch and the frequency filters look at the whole scan.
@pytest.mark.parametrize(
    "step", ["mean:5", "median:5", "gaussian:2", "highlight:edges", "lowpass:.1"]
)
@pytest.mark.parametrize("rubbish", [-2000.0, 1e6, np.nan, np.inf])
def test_what_stands_in_the_padding_does_not_matter(step: str, rubbish: float) -> None:
    pixels = film()
    valid = np.ones(pixels.shape, bool)
    valid[:, :30] = valid[60:80, 100:120] = False
    padded = np.where(valid, pixels, np.float32(rubbish))
    clean = np.where(valid, pixels, np.float32(0))
    scan = Scan(padded, voi=Voi(128, 200), valid=valid)
    result = preprocess(scan, parse_chain(step)).pixels
    expected = preprocess(replace(scan, pixels=clean), parse_chain(step)).pixels
    np.testing.assert_array_equal(result, expected)
    assert (result[~valid] == 0).all()


def test_the_edge_of_the_padding_is_the_edge_of_the_picture() -> None:
    pixels = film()
    valid = np.ones(pixels.shape, bool)
    valid[:, :32] = False
    voi = Voi(128, 256, "LINEAR_EXACT")
    padded = preprocess(Scan(pixels, valid=valid, voi=voi), parse_chain("voi,gaussian:2")).pixels
    cut = preprocess(Scan(pixels[:, 32:], voi=voi), parse_chain("voi,gaussian:2")).pixels
    np.testing.assert_allclose(padded[:, 32:], cut, atol=1e-6)


def test_values_that_are_not_finite_are_padding() -> None:
    pixels = np.array([[1, np.nan, 3], [5, 6, np.inf]], np.float32)
    result = preprocess(Scan(pixels), parse_chain("voi"))
    assert result.valid is not None
    np.testing.assert_array_equal(result.valid, [[True, False, True], [True, True, False]])
    np.testing.assert_allclose(result.pixels, [[0, 0, 0.4], [0.8, 1, 0]], atol=1e-6)


def test_nothing_measured_at_all_is_black() -> None:
    scan = Scan(np.full((4, 5), 7, np.float32), valid=np.zeros((4, 5), bool))
    for step in ("voi", "stretch", "equalise", "clahe", "highlight:edges"):
        assert preprocess(scan, parse_chain(step)).pixels.max() == 0


def test_an_empty_slice_takes_the_mean_of_the_rest() -> None:
    pixels = np.stack([np.full((6, 6), v, np.float32) for v in (10, 99, 20)])
    valid = np.ones(pixels.shape, bool)
    valid[1] = False
    scan = Scan(pixels, valid=valid, voi=Voi(16, 32, "LINEAR_EXACT"), spacing_mm=(1, 1, 1))
    result = preprocess(scan, parse_chain("mean:3")).pixels
    # The first slice: (10 + 10 + 15) / 3 of 32.
    np.testing.assert_allclose(result[:, 2, 2], [35 / 96, 0, 55 / 96], atol=1e-6)


def test_the_chain_of_a_modality() -> None:
    def texts(modality: str, body_part: str, chains: Any = DEFAULT_CHAINS) -> list[str]:
        return [str(step) for step in chain_for(modality, chains, body_part)]

    assert texts("CR", "CHEST") == ["voi"]
    assert texts("CT", "CHEST") == ["window:-600,1500HU"]
    assert texts("CT", "HEAD") == ["voi"]
    assert texts("MR", "") == ["stretch:1,99"]
    assert texts("CT", "CHEST", {}) == ["voi"]
    assert texts("CT", "CHEST", chains_with({"CT": ["stretch"]})) == ["stretch:1,99"]
    assert texts("MR", "HEAD", chains_with({"CT": ["stretch"]})) == ["stretch:1,99"]
    assert texts("US", "", chains_with({"": ["median:3"]})) == ["voi", "median:3px"]


@pytest.mark.parametrize("chain", DEFAULT_CHAINS.values())
def test_every_default_chain_can_be_read(chain: tuple[str, ...]) -> None:
    assert [str(step) for step in parse_chain(chain)] == list(chain)


def test_a_length_in_mm_needs_a_spacing() -> None:
    with pytest.raises(UsageError, match="2mm needs the scan's spacing, and its file has none"):
        preprocess(Scan(film()), parse_chain("gaussian:2mm"))
    with pytest.raises(UsageError, match="/mm needs the scan's spacing"):
        preprocess(Scan(film()), parse_chain("lowpass:0.1/mm"))


def test_frames_are_filtered_one_by_one() -> None:
    frames = np.stack([film(), 255 - film()])
    chain = parse_chain("voi,mean:3")
    for scan in (
        Scan(frames, voi=Voi(128, 256), spacing_mm=(0.2, 0.2)),
        Scan(frames, voi=Voi(128, 256), header=Header(modality="US")),
    ):
        alone = preprocess(replace(scan, pixels=frames[0]), chain).pixels
        np.testing.assert_allclose(preprocess(scan, chain).pixels[0], alone, atol=1e-6)
