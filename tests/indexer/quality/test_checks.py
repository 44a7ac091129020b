"""Each check on real films with its fault put in, on the same films without, and where it declines.

The faults are those of `benchmarks.faults`; how often each is found is measured there. Here every
film of a few is named whose answer is known.
"""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.faults import Fault, faults, film_scan, twelve_bits
from indexer import read
from indexer.quality.finding import CODES
from indexer.quality.table import CHECKS, SETTLES, findings
from indexer.scan import Header, Scan, Voi
from models.arrays import FloatImage
from models.errors import UnreadableScan
from tests.indexer.quality.films import ARCHIVE, films, levels

FILMS = films()
KINDS = {f"{fault.name}, {fault.strength}": fault for fault in faults()}
BORDERLESS = ARCHIVE / "normal" / "Shenzhen_0100.dcm"


def codes(scan: Scan, number: int = 0) -> list[str]:
    return [finding.code for finding in findings(scan, number)]


def test_every_check_has_its_code() -> None:
    assert {*CHECKS, "border", "rotated"} == set(CODES)  # the last by its embedding
    assert set(SETTLES) <= set(CODES)
    assert all(settled <= set(CODES) for settled in SETTLES.values())


def test_films_as_they_are_have_borders_and_words_alone() -> None:
    for film in FILMS:
        assert set(codes(film_scan(film))) <= {"border", "burned_in_text"}
        assert set(codes(twelve_bits(film))) <= {"border", "burned_in_text"}


SURE = {
    "constant, all alike": 12,
    "inverted, negative": 8,
    "too bright, gamma 0.2": 8,
    "too bright, gain 2.0": 8,
    "too dark, gain 0.5": 12,
    "clipped, 8 bits, 15% of the range": 11,
    "black border, 8%, two sides": 10,
    "white border, 8%, two sides": 12,
    "blur, sigma 1.5 px": 12,
    "blur, sigma 3.0 px": 11,
    "noise, 2%": 12,
    "noise, 8%": 12,
    "enlarged, repeated pixels, x 2": 12,
    "enlarged, cubic, x 4": 12,
    "text, 10 px, top left": 11,
    "text, 25 px, bottom": 11,
    "window, 12 bits, beside (above)": 12,
    "window, 12 bits, narrow, at the dark end": 11,
    "window, 12 bits, 20 times too wide": 12,
    "window, 12 bits, none, one hot pixel": 12,
}
"""Fault -> in how many of the twelve films it is found at least."""


@pytest.mark.parametrize("name", SURE)
def test_faults_are_found(name: str) -> None:
    fault: Fault = KINDS[name]
    found = sum(bool(set(codes(fault.make(film))) & set(fault.codes)) for film in FILMS)
    assert found >= SURE[name]


def film() -> FloatImage:
    """A film on which nothing is found."""
    chosen = next(film for film in FILMS if not findings(film_scan(film)))
    return chosen.copy()


def test_a_border_names_its_sides_and_what_would_cut_it_off() -> None:
    inside = film()[40:, 60:]  # so that all of it is looked at as it is, 512 px long
    height, width = inside.shape
    framed = cv2.copyMakeBorder(inside, 0, 40, 60, 0, cv2.BORDER_CONSTANT, value=0.0)
    (found,) = findings(film_scan(np.asarray(framed, np.float32)))
    assert found.code == "border"
    assert found.mend == "crop:0,40,60,0"
    told = f"bottom {40 / (height + 40):.0%}, left {60 / (width + 60):.0%}"
    assert found.sentence == f"nothing in it at the {told}"
    share = 1 - height * width / ((height + 40) * (width + 60))
    assert found.value == pytest.approx(share)


def test_the_other_checks_look_inside_a_border() -> None:
    framed = cv2.copyMakeBorder(film(), 0, 0, 120, 120, cv2.BORDER_CONSTANT, value=255.0)
    assert codes(film_scan(np.asarray(framed, np.float32))) == ["border"]
    negative = cv2.copyMakeBorder(255 - film(), 0, 0, 60, 60, cv2.BORDER_CONSTANT, value=0.0)
    assert codes(film_scan(np.asarray(negative, np.float32))) == ["border", "inverted"]


def test_a_border_of_a_large_film_is_never_cut_too_deep() -> None:
    large = cv2.resize(film(), None, fx=4.3, fy=4.3, interpolation=cv2.INTER_LINEAR)
    framed = cv2.copyMakeBorder(large, 0, 0, 151, 0, cv2.BORDER_CONSTANT, value=0.0)
    found = next(f for f in findings(film_scan(np.asarray(framed, np.float32))))
    assert found.code == "border"
    assert found.mend in ("crop:0,0,151,0", "crop:0,0,150,0")


def test_a_round_object_on_black_ground_has_no_border() -> None:
    disc = np.zeros((300, 300, 3), np.float32)
    cv2.circle(disc, (150, 150), 100, (0.8, 0.5, 0.3), -1)
    fundus = cv2.GaussianBlur(disc, (0, 0), 1.0)
    scan = Scan(np.asarray(fundus, np.float32), "rgb", colour=True)
    assert "border" not in codes(scan)


@pytest.mark.parametrize("modality", ["CT", "MR", "US"])
def test_slices_are_not_judged_as_films(modality: str) -> None:
    """Black air, a head that fills a tenth of the slice: there it is as it should be."""
    header = Header(modality=modality)
    for name in ("inverted, negative", "too dark, gain 0.25", "black border, 20%, two sides"):
        made = KINDS[name].make(film())
        assert codes(replace(made, header=header)) == []


def test_grain_is_usual_in_ct_and_not_in_films() -> None:
    grainy = KINDS["noise, 4%"].make(film())
    assert codes(replace(grainy, header=Header(modality="CR"))) == ["noise"]
    assert codes(replace(grainy, header=Header(modality="CT"))) == []


def ct(window: Voi) -> Scan:
    """A film's levels as if they were HU: from air to dense bone."""
    values = film() * np.float32(8) - np.float32(1024)
    return Scan(values, "HU", voi=window, bits=16, header=Header(modality="CT"))


@pytest.mark.parametrize(
    ("window", "found"),
    [
        (Voi(40, 400), []),
        (Voi(-600, 1500), []),
        (Voi(400, 2000), []),
        (Voi(5000, 400), ["wrong_window", "blank"]),
        (Voi(0, 60000), ["wrong_window"]),
    ],
)
def test_windows_of_ct(window: Voi, found: list[str]) -> None:
    assert codes(ct(window)) == found


def test_a_table_is_made_for_its_image() -> None:
    table = np.zeros(4096, np.float32)
    table[-1] = 1
    scan = replace(twelve_bits(film()), voi=Voi(0, 0, table=table))
    assert "wrong_window" not in codes(scan)


@pytest.mark.parametrize("level", [0.0, 90.0, 255.0])
def test_blank_ones(level: float) -> None:
    (found,) = findings(film_scan(np.full((200, 150), level, np.float32)))
    assert str(found) == "blank: every pixel is alike"


def test_a_single_mark_on_nothing_is_not_blank() -> None:
    marked = np.zeros((1000, 1000), np.float32)
    marked[501:507, 501:507] = 255
    assert codes(film_scan(marked))[0] == "few_levels"


def test_small_ones() -> None:
    small = cv2.resize(film(), (40, 63), interpolation=cv2.INTER_AREA)
    (found,) = findings(film_scan(np.asarray(small, np.float32)))
    assert str(found) == "very_small: 40 x 63 pixels"
    low = cv2.resize(film(), (127, 300), interpolation=cv2.INTER_AREA)
    assert codes(film_scan(np.asarray(low, np.float32)))[0] == "low_resolution"


def test_few_levels() -> None:
    two = np.where(film() > 128, 200, 50).astype(np.float32)
    (found,) = findings(film_scan(two))
    assert str(found) == "few_levels: hardly any grey levels (2)"


def test_volumes_without_spacing() -> None:
    volume = np.stack([film()] * 3)
    header = Header(modality="CT")
    assert codes(Scan(volume, voi=Voi(128, 256), header=header), 1) == ["no_spacing"]
    spaced = Scan(volume, voi=Voi(128, 256), header=header, spacing_mm=(5.0, 1.0, 1.0))
    assert codes(spaced, 1) == []
    frames = np.repeat(volume[..., None], 3, axis=-1) / np.float32(255)
    assert codes(Scan(frames, "rgb", colour=True, header=Header(modality="US")), 1) == []


def test_padding_and_what_is_not_finite_do_no_harm() -> None:
    pixels = film()
    pixels[:50] = np.nan
    pixels[50, 0] = np.inf
    findings(Scan(pixels, voi=Voi(128, 256)))
    findings(Scan(pixels, bits=16))
    findings(Scan(np.full((40, 40), np.nan, np.float32), bits=32))
    valid = np.ones(pixels.shape, bool)
    valid[:60] = False
    findings(Scan(pixels, bits=16, valid=valid))
    findings(Scan(pixels, bits=16, valid=np.zeros(pixels.shape, bool)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3), (13, 5)])
def test_odd_shapes_do_no_harm(shape: tuple[int, int]) -> None:
    ramp = np.linspace(0, 255, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    assert codes(film_scan(ramp))[0] in ("very_small", "blank")


def test_a_film_in_dicom_is_judged_as_one_in_jpeg() -> None:
    assert set(codes(read.read([BORDERLESS]))) <= {"border", "burned_in_text"}


@pytest.mark.shared
def test_a_film_that_says_it_is_inverted_and_is_not(shared: Path) -> None:
    """MONOCHROME1 was written over a film's MONOCHROME2, so every viewer shows its negative."""
    (found,) = findings(read.read([shared / "dicom/xrv/tests/Fake_MONOHR1.dcm"]))
    assert (found.code, found.mend) == ("inverted", "invert")
    assert found.value < -0.9


@pytest.mark.shared
def test_real_slices_and_words(shared: Path) -> None:
    ct_slices = sorted((shared / "chest_ct").rglob("*.dcm"))[::4]
    assert len(ct_slices) == 20
    assert [codes(read.read([path])) for path in ct_slices] == [[]] * 20


@pytest.mark.shared
@pytest.mark.slow
def test_no_check_fails_on_any_collected_file(shared: Path) -> None:
    looked_at = 0
    for path in sorted((shared / "dicom").rglob("*.dcm")):
        try:
            scan = read.read([path])
        except UnreadableScan:
            continue
        findings(scan, len(scan.pixels) // 2 if scan.volume else 0)
        looked_at += 1
    assert looked_at > 150


def test_examples_are_there() -> None:
    assert len(FILMS) == 12
    assert levels(sorted(ARCHIVE.rglob("*.jpg"))[0]).max() > 200
