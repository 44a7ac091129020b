"""Every collected DICOM file: read, or refused with the reason that it deserves."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from indexer.read import peek, read
from indexer.voi import shown
from models.errors import UnreadableScan

pytestmark = pytest.mark.shared


def outcome(path: Path) -> str:
    """The reason code, or "read"."""
    try:
        scan = read([path])
    except UnreadableScan as error:
        return error.code
    grey = shown(scan)
    assert scan.pixels.dtype == grey.dtype == np.float32
    assert scan.pixels.ndim == 2 + scan.volume + scan.colour
    assert np.isfinite(scan.pixels).all()
    assert grey.min() >= 0
    assert grey.max() <= 1
    assert scan.valid is None or scan.valid.shape == scan.pixels.shape[: 2 + scan.volume]
    return "read"


def test_all_that_can_be_decoded_and_the_rest(
    shared: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (shared / "dicom" / "files.csv").open() as file:
        rows = list(csv.DictReader(file))
    found: dict[str, Counter[str]] = defaultdict(Counter)
    syntaxes = set()
    for row in rows:
        kind = {"ok": "decodes", "": "no pixels"}.get(row["decode"], "fails")
        got = outcome(shared / "dicom" / row["path"])
        found[kind][got] += 1
        if kind == "decodes":
            assert got == "read", row["path"]
            syntaxes.add(row["transfer_syntax"])
    assert found["decodes"] == {"read": 321}
    assert len(syntaxes) == 13
    # The one that is read lacks only the mark at the end of its pixels; 85 are reports, plans, ...
    assert found["no pixels"] == {"not_an_image": 85, "no_pixels": 7, "read": 1}
    # What other toolkits could not decode: 12-bit and progressive JPEG, and no transfer syntax
    assert found["fails"] == {
        "read": 4,
        "bad_header": 3,
        "damaged_pixels": 2,
        "truncated": 2,
        "no_pixels": 1,
        "unsupported_pixels": 1,
    }
    assert capfd.readouterr() == ("", "")


def test_malformed_files_give_a_scan_or_a_reason(
    shared: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    files = [path for path in (shared / "dicom_malformed").rglob("*") if path.is_file()]
    found = Counter(outcome(path) for path in files)
    assert found == {
        "read": 91,
        "not_an_image": 5,
        "unsupported_pixels": 4,
        "bad_header": 2,
        "truncated": 2,
        "too_large": 1,
        "unsupported_transfer_syntax": 1,
    }
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("folder", "slices", "spacing"),
    [("covid-19", 25, 0.748046875), ("normal", 26, 0.634765625), ("pneumonia", 28, 0.58984375)],
)
def test_ct_series_become_volumes(shared: Path, folder: str, slices: int, spacing: float) -> None:
    groups = defaultdict(list)
    for path in (shared / "chest_ct" / folder).rglob("*"):
        if path.is_file():
            groups[peek(path).series].append(path)
    (paths,) = groups.values()
    scan = read(paths)
    assert scan.pixels.shape == (slices, 512, 512)
    assert scan.spacing_mm == (12.0, spacing, spacing)  # every sixth slice of 2 mm
    assert scan.unit == "HU"
    assert -1024 <= scan.pixels.min() < -900
    # the chest: air in and around it, soft tissue, and bone
    assert np.percentile(scan.pixels, [10, 99.5]) == pytest.approx([-1010, 400], abs=250)
