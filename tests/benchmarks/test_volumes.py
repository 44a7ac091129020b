"""Made volumes are what they are said to be, and the benchmark runs on them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import volumes
from benchmarks.volumes_dicom import truths, write_archive
from benchmarks.volumes_made import Body, Origin, bodies, scans
from indexer import read


def origin() -> Origin:
    """Ten slices, 10 mm apart, each brighter than the one before: tissue of -100 to 170 HU."""
    levels = np.arange(10, dtype=np.float32) * 30 - 100
    values = np.broadcast_to(levels[:, None, None], (10, 64, 64))
    return Origin("ramp", np.ascontiguousarray(values), (10.0, 4.0, 4.0))


def straight(number: int = 0) -> Body:
    """A body that is its origin."""
    (body,) = bodies(origin(), 1)
    unbent = np.zeros_like(body.bent_mm)
    scale = np.ones(3, np.float32)
    return replace(body, number=number, scale=scale, bent_mm=unbent, density_hu=0.0, tissue=1.0)


def test_the_same_seed_gives_the_same_volumes_and_another_one_others() -> None:
    first, again = (next(scans(bodies(origin(), 1, seed=3)[0], 1, seed=3)) for _ in range(2))
    np.testing.assert_array_equal(first.values, again.values)
    assert first.places_mm == again.places_mm
    other = next(scans(bodies(origin(), 1, seed=4)[0], 1, seed=4))
    assert other.places_mm != first.places_mm


def test_every_slice_shows_the_place_that_it_is_said_to_be_of() -> None:
    for made in scans(straight(), 2):
        shown = np.median(made.values[:, 60:130, 60:130], axis=(1, 2))
        expected = -100 + 3 * np.array(made.places_mm)
        # Calibration changes levels by up to 15 HU and 3 %; noise goes away in the median.
        assert np.abs(shown - expected).max() < 25
        assert np.diff(made.places_mm) == pytest.approx(made.spacing_mm[0])


def test_made_series_are_read_as_they_were_made(tmp_path: Path) -> None:
    made = list(scans(straight(), 2))
    archive = write_archive(made, tmp_path / "archive")
    told = truths(archive)
    assert sorted(told) == ["made-ramp-000-0", "made-ramp-000-1"]
    assert told["made-ramp-000-0"].places_mm == made[0].places_mm
    scan = read.read(sorted((archive / "made-ramp-000-0").iterdir()))
    assert scan.header.patient_id == "made-ramp-000"
    assert (scan.unit, scan.header.modality) == ("HU", "CT")
    assert np.abs(scan.pixels - made[0].values).max() < 0.51
    assert scan.spacing_mm == pytest.approx(made[0].spacing_mm, abs=1e-2)


@pytest.mark.shared
@pytest.mark.slow
def test_slices_are_found_where_they_are(shared: Path, tmp_path: Path) -> None:
    data = shared / "chest_ct"
    volumes.made_index(data, 1, 2, tmp_path)
    choosing, rest = volumes.sides(data, tmp_path, "normal")
    assert (choosing.scans, rest.scans, rest.patients) == (2, 4, 2)
    found = {(one.task, one.name): one for one in rest.answered}
    place = "slice finds its patient and place"
    assert found["series finds its patient", "late"].hit.value == 1.0
    assert found[place, "late"].error_mm.value < 10
    assert found[place, "(always the middle)"].error_mm.value > 40
    text = volumes.as_text(volumes.Report([choosing, rest]))
    assert "| late, 16 slices |" in text
