"""What tells how films lie is fitted once for an archive that has films enough, and kept."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from indexer import commit, orientation
from indexer.fit import read_heads
from indexer.pipeline import build
from models.heads.orientation import OrientationHeads
from tests.indexer.check.archives import of
from tests.manifests import manifest_of, write_manifest


def fitted(index: Path) -> OrientationHeads:
    return read_heads(commit.opened(index).path / "heads").orientation


def test_one_film_a_patient_is_drawn() -> None:
    patients = np.array([0, 0, 1, 2, 2, 2, 3], np.intp)
    rows = np.array([0, 1, 2, 3, 4, 5], np.intp)
    drawn = orientation._one_a_patient(rows, patients, 10)
    assert sorted(patients[drawn].tolist()) == [0, 1, 2]
    assert drawn.tolist() == orientation._one_a_patient(rows, patients, 10).tolist()
    assert len(orientation._one_a_patient(rows, patients, 2)) == 2


@pytest.mark.slow
def test_it_is_fitted_kept_and_fitted_anew(examples: Path, tmp_path: Path) -> None:
    rows = [row for row in manifest_of(examples / "archive") if row["path"].endswith(".jpg")]
    archive = of(rows[:60], examples, tmp_path / "archive")
    index = tmp_path / "index"
    build(archive, index)
    first = fitted(index)
    (head,) = first.heads
    assert (head.group, first.scans, first.declined) == ("CR CHEST", 60, ())
    assert set(head.limits) == {"left", "over", "right", "inverted"}

    add(rows[:62], examples, archive)
    build(archive, index)
    assert fitted(index).scans == 60  # hardly more: what was fitted is kept
    np.testing.assert_array_equal(fitted(index).heads[0].lda.weights, head.lda.weights)

    add(rows[:70], examples, archive)
    build(archive, index)
    assert fitted(index).scans == 70


@pytest.mark.slow
def test_who_was_taken_out_does_not_live_on_in_it(examples: Path, tmp_path: Path) -> None:
    from indexer.pipeline import Options

    rows = [row for row in manifest_of(examples / "archive") if row["path"].endswith(".jpg")]
    archive = of(rows[:50], examples, tmp_path / "archive")
    build(archive, tmp_path / "index")
    write_manifest(archive, rows[:49])
    build(archive, tmp_path / "index", Options(prune=True))
    assert fitted(tmp_path / "index").scans == 49


def add(rows: list[dict[str, str]], examples: Path, archive: Path) -> None:
    for row in rows:
        target = archive / row["path"]
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(examples / "archive" / row["path"], target)
    write_manifest(archive, rows)
