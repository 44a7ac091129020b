"""Slices become volumes."""

from collections import Counter
from pathlib import Path

import pytest

from indexer import read
from indexer.archive import walk
from indexer.read import Peek
from indexer.row import Row
from indexer.scan import Header
from indexer.sources import Entry, group, source_of
from models.errors import UnreadableScan


def entry(path: str, row: Row | None = None, folder: str = "") -> Entry:
    return Entry(path, 1, 1, row, folder)


def piece(place: float | None, series: str = "S", instance: str = "", number: int = 0) -> Peek:
    return Peek("dicom", Header(instance_id=instance), series, place, number)


def test_slices_are_joined_in_the_order_of_their_positions() -> None:
    told: dict[str, Peek | UnreadableScan] = {
        "c.dcm": piece(-5.0),
        "a.dcm": piece(10.0),
        "b.dcm": piece(2.5),
        "film.dcm": piece(None, series=""),
        "other.dcm": piece(0.0, series="T"),
        "bad.dcm": UnreadableScan("truncated", "the file ends early"),
    }
    sources, rejects = group([entry(path) for path in told], told)
    assert [(s.key, s.paths, s.series) for s in sources] == [
        ("c.dcm", ("c.dcm", "b.dcm", "a.dcm"), "S"),
        ("film.dcm", ("film.dcm",), ""),
        ("other.dcm", ("other.dcm",), "T"),
    ]
    assert [(r.path, r.code, r.sentence) for r in rejects] == [
        ("bad.dcm", "truncated", "the file ends early")
    ]


def test_without_positions_the_instance_number_decides() -> None:
    told = {"a": piece(None, number=3), "b": piece(None, number=1), "c": piece(None, number=2)}
    sources, _ = group([entry(path) for path in told], told)
    assert sources[0].paths == ("b", "c", "a")


def test_a_slice_that_is_there_twice_is_taken_once() -> None:
    told = {"copy/1": piece(1.0, instance="i"), "1": piece(1.0, instance="i"), "2": piece(2.0)}
    sources, rejects = group([entry(path) for path in told], told)
    assert sources[0].paths == ("1", "2")
    assert [(r.path, r.code) for r in rejects] == [("copy/1", "duplicate")]


def test_slices_that_share_an_id_are_not_the_same() -> None:
    told = {"1": piece(1.0, instance="i"), "2": piece(2.0, instance="i")}
    sources, rejects = group([entry(path) for path in told], told)
    assert sources[0].paths == ("1", "2")
    assert rejects == ()


def test_what_the_manifest_says_of_some_slices_holds_for_the_volume() -> None:
    rows = [
        Row(2, "1", label="", patient_id="P", modality="CT", mask="m1.png"),
        Row(3, "2", label="ill", patient_id="P", age=7.0, findings="nodule", mask="m2.png"),
    ]
    source = source_of([entry("1", rows[0], "x"), entry("2", rows[1], "x"), entry("3")], "S")
    assert source.row == Row(
        2, "1", label="ill", patient_id="P", modality="CT", age=7.0, findings="nodule"
    )
    assert not source.disputed
    assert source.mask == ""
    assert source.label_from_folder == ""
    folder = Row(2, "ct", label="ill", mask="m.nii.gz")
    assert source_of([entry("ct/1", folder), entry("ct/2", folder)], "S").mask == "m.nii.gz"


def test_slices_with_different_labels_have_none() -> None:
    rows = [Row(2, "1", label="normal"), Row(3, "2", label="ill")]
    source = source_of([entry("1", rows[0]), entry("2", rows[1])], "S")
    assert source.row is not None
    assert source.row.label == ""
    assert source.disputed


def test_slices_of_different_patients_are_not_joined() -> None:
    told = {"1": piece(1.0), "2": piece(2.0), "3": piece(3.0)}
    entries = [
        entry("1", Row(2, "1", patient_id="P")),
        entry("2", Row(3, "2", patient_id="Q")),
        entry("3", Row(4, "3", patient_id="P")),
    ]
    sources, _ = group(entries, told)
    assert [source.paths for source in sources] == [("1", "3"), ("2",)]


@pytest.mark.shared
def test_three_series_on_disk(shared: Path) -> None:
    listing = walk(shared / "chest_ct")
    told = {entry.path: read.peek(shared / "chest_ct" / entry.path) for entry in listing.entries}
    sources, rejects = group(listing.entries, told)
    assert rejects == ()
    assert len(sources) == 3
    assert Counter({s.row.label: len(s.paths) for s in sources if s.row}) == {
        label: count
        for label, count in Counter(e.path.split("/")[0] for e in listing.entries).items()
    }
    for source in sources:
        positions = [told[path].position_mm or 0.0 for path in source.paths]
        assert positions == sorted(positions)
        assert len(set(positions)) == len(positions)
