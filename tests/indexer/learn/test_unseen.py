"""What measures a model: films of patients that it has not seen, with labels that it knows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from indexer.config import Config
from indexer.learn.gather import Asked, Gathered, gather
from indexer.learn.unseen import sides_of
from models.errors import UsageError
from models.runtime import ClassifierSpec, EncoderSpec, SegmenterSpec
from models.training.progress import silent
from tests.indexer.learn.discs import archive

FACTS: dict[str, Any] = {
    "name": "net",
    "file": "",
    "sha256": "",
    "size": 32,
    "mean": (0.0,) * 3,
    "std": (1.0,) * 3,
    "licence": "",
    "source": "",
}
CLASSIFIER = ClassifierSpec(**FACTS, dim=8, classes=("ring", "disc", "square"))
ENCODER = EncoderSpec(**FACTS, dim=8)
SEGMENTER = SegmenterSpec(**FACTS, regions=("shape",))
NONE: frozenset[str] = frozenset()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    """24 films of 12 patients, the last 8 films set apart."""
    folder = tmp_path_factory.mktemp("discs")
    found = archive(folder / "archive", 24)
    return gather(found, folder / "run", Asked(Config(), 32, workers=1), silent)


def test_labels_are_numbered_as_the_model_has_them(films: Gathered) -> None:
    found = sides_of(films, CLASSIFIER, NONE, (), 0)
    assert found.films.classes == ("ring", "disc", "square")
    told = dict(zip(films.column("label"), found.films.labels.tolist(), strict=True))
    assert told == {"ring": 0, "disc": 1}
    by_itself = sides_of(films, ENCODER, NONE, (), 0)
    assert by_itself.films.classes == ("disc", "ring")


def test_what_is_set_apart_measures_and_searches_in_the_rest(films: Gathered) -> None:
    found = sides_of(films, ENCODER, NONE, (), 0)
    split = np.array(films.column("split"))
    assert set(split[found.split.test]) == {"query"} and len(found.split.test) == 8
    assert set(split[found.searched]) == {"archive"} and len(found.searched) == 16
    patients = np.array(films.patients())
    assert not set(patients[found.split.test]) & set(patients[found.searched])
    assert "the model does not list the films that it was trained on" in found.remarks[-1]


def test_a_patient_of_whom_the_model_has_seen_a_film_does_not_measure(films: Gathered) -> None:
    """One film of a patient is enough for both of his."""
    first = sides_of(films, ENCODER, NONE, (), 0).split.test[0]
    seen = frozenset(films.sha256[films.scan[first]])
    found = sides_of(films, ENCODER, seen, (), 0)
    patients = films.patients()
    assert len(found.split.test) == 6
    assert patients[first] not in {patients[row] for row in found.split.test}
    assert found.remarks == (
        "test films left out, because the model was trained on films of their patients: 2",
    )


def test_nothing_is_left_to_measure_on(films: Gathered) -> None:
    seen = frozenset(digest for digests in films.sha256 for digest in digests)
    with pytest.raises(UsageError, match="no film is left to measure on: the model 'net' was tra"):
        sides_of(films, ENCODER, seen, (), 0)


def test_one_label_alone_measures_nothing(films: Gathered) -> None:
    test = sides_of(films, ENCODER, NONE, (), 0).split.test
    rings = [row for row in test if films.column("label")[row] == "ring"]
    seen = frozenset(digest for row in rings for digest in films.sha256[films.scan[row]])
    with pytest.raises(UsageError, match="the films to measure on all have one label"):
        sides_of(films, ENCODER, seen, (), 0)


def test_a_label_that_the_model_does_not_know(films: Gathered) -> None:
    spec = ClassifierSpec(**FACTS, dim=8, classes=("disc", "square"))
    with pytest.raises(UsageError) as refused:
        sides_of(films, spec, NONE, (), 0)
    assert str(refused.value) == (
        "the archive has the label 'ring', which the model does not know; it knows: disc, "
        "square. Leave the label out with --without"
    )
    with pytest.raises(UsageError, match="all labelled scans are 'disc'"):
        sides_of(films, spec, NONE, ("ring",), 0)


def test_a_segmenter_is_measured_by_masks(films: Gathered) -> None:
    found = sides_of(films, SEGMENTER, NONE, (), 0)
    assert found.films.masks is not None and len(found.split.test) == 8
    several = SegmenterSpec(**FACTS, regions=("lungs", "heart"))
    with pytest.raises(UsageError, match="'net' finds several regions, and an archive's masks"):
        sides_of(films, several, NONE, (), 0)


def test_an_archive_without_masks(films: Gathered) -> None:
    bare = replace(films, masks=None, masked=np.zeros(len(films.pictures), bool))
    with pytest.raises(UsageError, match="no scan of the archive has a mask"):
        sides_of(bare, SEGMENTER, NONE, (), 0)
