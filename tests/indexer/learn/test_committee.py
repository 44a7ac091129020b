"""A committee from the archive to the index: what it is asked, it is asked as of a new film."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.config import Config
from indexer.pipeline import Options, build
from models.errors import ModelUnusable, UsageError
from models.runtime.members import NO_MEMBER, unseen
from tests.indexer.learn.discs import archive

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]
MEMBERS = 3


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive(tmp_path_factory.mktemp("discs"))


@pytest.fixture(scope="module")
def spec(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learned(films, tmp_path_factory.mktemp("run"))


def learned(films: Path, run: Path, members: int = MEMBERS) -> Path:
    from indexer.learn.classifier import ClassifierAsked, train_classifier
    from models.training.augment import Augmentation
    from models.training.progress import silent
    from models.training.settings import TrainingSettings

    asked = ClassifierAsked(
        network="small", pretrained=False, frozen=0, size=32, workers=1, members=members
    )
    settings = TrainingSettings(
        epochs=6, batch=9, learning_rate=0.01, trunk_rate=1.0, averaging=0.9
    )
    found = train_classifier(films, run, asked, settings, Augmentation(rotation=5.0), silent)
    assert found.counts == {"train": 64, "validation": 0, "test": 32}
    assert found.history[-1]["auc"] > 0.9
    return found.spec


def test_its_files_say_which_member_has_not_seen_a_film(spec: Path, films: Path) -> None:
    from models.runtime import ClassifierSpec
    from models.runtime.registry import checked, trained_on

    told, _ = checked(str(spec), ClassifierSpec)
    assert (told.members, told.dim) == (MEMBERS, 64)  # as many numbers as films
    folds = trained_on(str(spec))
    assert len(folds) == 64 and set(folds.values()) == {0, 1, 2}
    # Film 2n and 2n + 1 are of one patient: no member learns from either if it leaves one out.
    digests = [
        hashlib.sha256((films / "films" / f"{number}.png").read_bytes()).hexdigest()
        for number in range(64)
    ]
    assert [folds[one] for one in digests[::2]] == [folds[one] for one in digests[1::2]]


def test_the_member_that_is_written_down_is_the_one_that_left_the_film_out(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.networks.committee import Committee
    from models.runtime.registry import trained_on
    from models.training.committee import CommitteeClassification

    learned_from: list[set[int]] = [set() for _ in range(MEMBERS)]
    of_loss, of_member = CommitteeClassification.loss_of, Committee.member
    at: list[int] = []

    def member(self: Any, number: int, begun: Any) -> Any:
        at.append(number)
        return of_member(self, number, begun)

    def loss_of(self: Any, logits: Any, rows: Any) -> Any:
        learned_from[at[-1]].update(int(row) for row in rows)
        return of_loss(self, logits, rows)

    monkeypatch.setattr(Committee, "member", member)
    monkeypatch.setattr(CommitteeClassification, "loss_of", loss_of)
    spec = learned(films, tmp_path)
    told = json.loads((tmp_path / "films" / "films.json").read_text())
    listed = trained_on(str(spec))
    row = 0
    for scan in told["scans"]:
        for digest in scan["sha256"]:
            if digest in listed:
                assert row not in learned_from[listed[digest]]
                assert all(row in learned_from[n] for n in range(MEMBERS) if n != listed[digest])
        row += scan["pictures"]


def test_the_encoder_answers_by_the_member_that_has_not_seen_the_film(spec: Path) -> None:
    from models.encoders.onnx import OpenVinoEncoder
    from models.runtime import EncoderSpec
    from models.runtime.registry import checked, load, trained_on

    told, onnx = checked(str(spec), EncoderSpec)
    picture = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    every = [OpenVinoEncoder(told, onnx, 1, None, {"x": n}).encode(picture, "x") for n in range(3)]
    assert not np.allclose(every[0], every[1], atol=1e-3)
    encoder = load(str(spec), 1)
    for digest, member in list(trained_on(str(spec)).items())[:4]:
        np.testing.assert_allclose(encoder.encode(picture, [digest]), every[member], atol=1e-6)
    mean = encoder.encode(picture)
    np.testing.assert_array_equal(encoder.encode(picture, ["f" * 64]), mean)
    assert np.linalg.norm(mean) == pytest.approx(1)
    assert all(not np.allclose(mean, one, atol=1e-3) for one in every)


def test_an_index_of_the_films_it_learned_from_judges_by_all_of_them(
    films: Path, spec: Path, tmp_path: Path
) -> None:
    from retrieval.search import Engine, Query

    options = Options(config=Config(encoder=str(spec)), workers=1)
    build(films, tmp_path / "index", options)
    with Engine(tmp_path / "index") as engine:
        head = engine.index.heads.diagnosis
        assert head.calibration is not None and head.calibration.cases == 96
        answer = engine.query(Query(films / "films" / "0.png", k=3))
    found = {hit.path: hit.score for hit in (*answer.hits, *answer.priors)}
    assert found["films/0.png"] == pytest.approx(1, abs=1e-3)  # described as in the index


def test_a_list_of_members_that_are_none_is_refused(spec: Path, tmp_path: Path) -> None:
    from models.runtime.registry import trained_on

    for path in spec.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / f"{spec.stem}.txt").write_text("ab" * 32 + " 3\n")
    with pytest.raises(ModelUnusable, match="the number of a member"):
        trained_on(str(tmp_path / spec.name))


def test_too_few_patients_for_the_members(films: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="32 patients to learn from are too few for 17 members"):
        learned(films, tmp_path, members=17)


def test_who_has_not_seen_it_speaks() -> None:
    told = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    np.testing.assert_array_equal(unseen(told, [1, NO_MEMBER]), [[2, 3], [8, 9]])
    np.testing.assert_array_equal(told, np.arange(12).reshape(2, 3, 2))


def test_it_teaches_by_the_mean_of_its_members(spec: Path) -> None:
    import torch

    from models.compress.contract import Form
    from models.compress.distil import Teacher
    from models.networks import Takes
    from models.runtime import ClassifierSpec
    from models.runtime.registry import checked

    told, onnx = checked(str(spec), ClassifierSpec)
    teacher = Teacher(Form(told, onnx), Takes(32, (128.0,) * 3, (64.0,) * 3))
    embeddings, logits = teacher.answers(torch.zeros(2, 3, 32, 32))
    assert embeddings.shape == (2, told.dim)
    assert logits is not None and logits.shape == (2, 2)


def test_it_annotates_a_film_by_the_member_that_has_not_seen_it(films: Path, spec: Path) -> None:
    from indexer.annotate.run import AnnotateOptions, annotate
    from models.annotators import Taken, load
    from models.runtime.registry import trained_on
    from models.training.progress import silent

    found = annotate(films, AnnotateOptions((str(spec),), workers=1), silent)
    assert not any("has learned from" in remark for remark in found.remarks)
    annotator, picture = load(str(spec), 1), np.full((1, 32, 32, 3), 90, np.uint8)
    told = [annotator.annotate(picture, Taken((32, 32)), n).findings["disc"] for n in range(3)]
    assert len({round(value, 4) for value in told}) == 3
    listed = trained_on(str(spec))
    assert sum(row.sha256 in listed for row in found.rows) == 64


def test_a_model_that_has_learned_from_a_scan_is_said_to(films: Path, tmp_path: Path) -> None:
    from indexer.annotate.run import AnnotateOptions, annotate
    from models.training.progress import silent
    from tests.indexer.learn.discs import classifier_run

    alone = classifier_run(films, tmp_path, epochs=1)
    found = annotate(films, AnnotateOptions((str(alone),), workers=1), silent)
    (remark,) = [remark for remark in found.remarks if "has learned from" in remark]
    assert remark.startswith("classifier has learned from 56 of these scans")
