"""What was found is undone, recorded, and can be left alone."""

import cv2
import numpy as np
import pytest

from benchmarks.faults import faults, film_scan, twelve_bits
from indexer.mend import mend
from indexer.preprocess import parse_chain, preprocess
from indexer.quality import DEFAULT_MENDS
from indexer.quality.table import findings
from indexer.scan import Scan, Voi
from models.arrays import FloatImage
from tests.indexer.quality.films import films

VOI = parse_chain("voi")
KINDS = {f"{fault.name}, {fault.strength}": fault for fault in faults()}


@pytest.fixture(scope="module")
def film() -> FloatImage:
    """A film on which nothing is found, and whose negative is known for one."""
    for one in films():
        inverted = [f.code for f in findings(film_scan(255 - one))] == ["inverted"]
        if not findings(film_scan(one)) and inverted:
            return one
    raise AssertionError("no such film")


def shown(scan: Scan, codes: tuple[str, ...] = DEFAULT_MENDS) -> tuple[FloatImage, list[str]]:
    done = mend(scan, findings(scan), codes, VOI)
    return preprocess(done.scan, VOI).pixels, [str(finding) for finding in done.findings]


def test_a_good_film_is_left_as_it_is(film: FloatImage) -> None:
    scan = film_scan(film)
    assert mend(scan, findings(scan), DEFAULT_MENDS, VOI).scan is scan


def test_a_negative_is_turned_round_exactly(film: FloatImage) -> None:
    pixels, told = shown(KINDS["inverted, negative"].make(film))
    assert told == ["inverted: bright where a chest film is dark (mended by invert)"]
    np.testing.assert_allclose(pixels, film / 255, atol=1e-6)


def test_a_border_is_cut_off_exactly(film: FloatImage) -> None:
    inside = film[:, 80:-80]
    framed = cv2.copyMakeBorder(inside, 0, 0, 80, 80, cv2.BORDER_CONSTANT, value=255.0)
    pixels, told = shown(film_scan(np.asarray(framed, np.float32)))
    assert told == [
        "border: nothing in it at the left 16%, right 16% (mended by crop:0,0,80,80)",
    ]
    np.testing.assert_allclose(pixels, inside / 255, atol=1e-6)


def test_both_at_once(film: FloatImage) -> None:
    inside = film[:, 30:-30]
    framed = cv2.copyMakeBorder(255 - inside, 0, 0, 30, 30, cv2.BORDER_CONSTANT, value=0.0)
    scan = film_scan(np.asarray(framed, np.float32))
    done = mend(scan, findings(scan), DEFAULT_MENDS, VOI)
    assert [(f.code, f.mended) for f in done.findings] == [("border", True), ("inverted", True)]
    assert [str(step) for step in done.cuts] == ["crop:0px,0px,30px,30px"]
    np.testing.assert_allclose(preprocess(done.scan, VOI).pixels, inside / 255, atol=1e-6)


def test_what_is_not_to_be_mended_is_told_all_the_same(film: FloatImage) -> None:
    negative = KINDS["inverted, negative"].make(film)
    pixels, told = shown(negative, ("border", "wrong_window"))
    assert told == ["inverted: bright where a chest film is dark"]
    np.testing.assert_allclose(pixels, 1 - film / 255, atol=1e-6)


@pytest.mark.parametrize("window", ["beside (above)", "20 times too wide", "none, one hot pixel"])
def test_a_window_is_chosen_anew(film: FloatImage, window: str) -> None:
    bad = KINDS[f"window, 12 bits, {window}"].make(film)
    good = preprocess(twelve_bits(film), VOI).pixels
    pixels, told = shown(bad)
    assert [text.split(":")[0] for text in told] == ["wrong_window"]
    assert told[0].endswith(" (mended by rewindow:0.5,99.5)")
    before = np.abs(preprocess(bad, VOI).pixels - good).mean()
    after = np.abs(pixels - good).mean()
    assert before > 0.4
    assert after < 0.12


def test_a_scan_is_blank_only_as_long_as_its_window_is_looked_through(film: FloatImage) -> None:
    bad = KINDS["window, 12 bits, beside (above)"].make(film)
    _, told = shown(bad, ())
    assert [text.split(":")[0] for text in told] == ["wrong_window", "blank"]
    other = mend(bad, findings(bad), DEFAULT_MENDS, parse_chain("stretch:1,99"))
    assert [(f.code, f.mended) for f in other.findings] == [("wrong_window", False)]
    assert other.scan is bad


def test_the_window_of_a_film_with_a_border_is_that_of_what_is_inside(film: FloatImage) -> None:
    values = np.full((512, 512), 60000, np.float32)
    values[:, 80:-80] = film[:, 80:-80]
    scan = Scan(values, bits=16, voi=Voi(30000, 60000, "LINEAR_EXACT"))
    assert preprocess(scan, VOI).pixels[:, 80:-80].max() < 0.01
    pixels, told = shown(scan)
    assert [text.split(":")[0] for text in told] == ["border", "wrong_window"]
    assert pixels.shape == (512, 352)
    assert np.abs(pixels - film[:, 80:-80] / 255).mean() < 0.12
