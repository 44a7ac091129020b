"""`cbir train encoder`'s way from an archive to the index that it makes better."""

import csv
import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from indexer.config import Config
from indexer.pipeline import Options, build
from models.errors import ModelUnusable, UsageError
from models.training.augment import Augmentation
from models.training.progress import silent
from models.training.settings import TrainingSettings
from tests.indexer.learn.discs import archive

if TYPE_CHECKING:
    from indexer.learn.encoder import EncoderLearned

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archive(tmp_path_factory.mktemp("discs"), count=60)


def learned(films: Path, run: Path, epochs: int = 3, **changed: Any) -> "EncoderLearned":
    from indexer.learn.encoder import EncoderAsked, train_encoder

    asked = EncoderAsked(network="small", begin="nothing", frozen=0, size=32, workers=1)
    settings = TrainingSettings(
        epochs=epochs, batch=12, learning_rate=0.01, trunk_rate=1.0, averaging=0.9
    )
    asked = replace(asked, **changed)
    return train_encoder(films, run, asked, settings, Augmentation(rotation=5.0), silent)


def without(films: Path, folder: Path, column: str, value: str = "") -> Path:
    """The archive with one column emptied, or all of one value."""
    with (films / "cases.csv").open() as file:
        rows = [{**row, column: value} for row in csv.DictReader(file)]
    folder.mkdir()
    (folder / "films").symlink_to(films / "films")
    for row in rows:
        row["mask"] = ""
        target = folder / row["path"].replace("films/", "")
        target.write_bytes((films / row["path"]).read_bytes())
        row["path"] = target.name
    (folder / "films").unlink()
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_it_finds_its_kind_and_its_floors_stand_beside_it(films: Path, tmp_path: Path) -> None:
    found = learned(films, tmp_path, loss="supcon", dim=24).found
    assert list(found.systems) == [
        "this encoder",
        "raw pixels",
        "frozen encoder",
        "frozen encoder, discriminant",
    ]
    queries, searched = found.systems["this encoder"]
    assert queries.shape == (20, 24) and searched.shape == (40, 24)
    assert not set(found.queries.named) & set(found.archive.named)
    assert found.classes == ("disc", "ring") and found.views == {}
    spec = json.loads((tmp_path / "model" / "encoder.json").read_text())
    assert (spec["kind"], spec["dim"], spec["members"]) == ("encoder", 24, 1)
    assert spec["source"] == "small, trained here by supcon from random weights"


def test_an_index_takes_it_and_has_its_feature_map(films: Path, tmp_path: Path) -> None:
    from models.runtime.registry import load, trained_on

    spec = learned(films, tmp_path / "run", epochs=1, loss="proxy").spec
    assert len(trained_on(str(spec))) == 32  # what was learned from, without those that chose
    assert load(str(spec)).map_shape == (4, 4, 96)
    summary = build(films, tmp_path / "ix", Options(config=Config(encoder=str(spec)), workers=1))
    assert summary.rejects == ()


def test_of_a_committee_an_index_judges_itself_by_films_that_were_left_out(
    films: Path, tmp_path: Path
) -> None:
    from models.runtime.registry import trained_on
    from retrieval.search import Engine

    made = learned(films, tmp_path / "run", loss="proxy", members=2)
    assert made.counts == {"train": 40, "validation": 0, "test": 20}
    assert set(trained_on(str(made.spec)).values()) == {0, 1}
    build(films, tmp_path / "ix", Options(config=Config(encoder=str(made.spec)), workers=1))
    with Engine(tmp_path / "ix") as engine:
        calibration = engine.index.heads.diagnosis.calibration
    assert calibration is not None and calibration.cases == 60


def test_without_labels_and_then_with_them(films: Path, tmp_path: Path) -> None:
    from models.runtime.registry import trained_on

    unlabelled = without(films, tmp_path / "unlabelled", "label")
    first = learned(unlabelled, tmp_path / "first", loss="self-supervised")
    assert first.found.classes == () and np.all(first.found.queries.labels == -1)
    assert 0 <= first.found.views["this encoder"].first <= 1
    assert len(trained_on(str(first.spec))) == 34
    second = learned(films, tmp_path / "second", epochs=1, begin=tmp_path / "first")
    told = json.loads((tmp_path / "second" / "settings.json").read_text())
    assert len(told["begin"]) == 64  # the weights' SHA-256: others would be another run
    assert (
        "from a run of its own (small, trained here by self-supervised"
        in json.loads(second.spec.read_text())["source"]
    )


def test_what_it_began_with_is_among_what_was_learned_from(films: Path, tmp_path: Path) -> None:
    from models.runtime.registry import trained_on

    other = archive(tmp_path / "other", count=24, seed=5)
    first = learned(other, tmp_path / "first", epochs=1, loss="self-supervised")
    second = learned(films, tmp_path / "second", epochs=1, begin=tmp_path / "first")
    seen = trained_on(str(second.spec))
    assert trained_on(str(first.spec)).keys() < seen.keys()


def test_another_encoder_is_asked_beside_it(films: Path, tmp_path: Path) -> None:
    first = learned(films, tmp_path / "first", epochs=1).spec
    second = learned(films, tmp_path / "second", epochs=1, beside=(str(first),))
    assert second.found.systems[str(first)][0].shape == (20, 256)
    assert second.found.remarks == ()  # it has learned from none of the test films


def test_what_cannot_be_learned_is_said(films: Path, tmp_path: Path) -> None:
    unlabelled = without(films, tmp_path / "unlabelled", "label")
    with pytest.raises(
        UsageError, match="has a label, which the loss supcon learns from; without "
    ):
        learned(unlabelled, tmp_path / "a", loss="supcon")
    with pytest.raises(UsageError, match="all labelled scans are 'disc'"):
        learned(without(films, tmp_path / "one", "label", "disc"), tmp_path / "b")
    with pytest.raises(UsageError, match="20 patients to learn from are too few for 11 members"):
        learned(films, tmp_path / "c", members=11)
    with pytest.raises(ModelUnusable, match="is not the folder of a training run"):
        learned(films, tmp_path / "d", begin=tmp_path / "nowhere")


def test_a_run_to_begin_with_has_to_fit(films: Path, tmp_path: Path) -> None:
    learned(films, tmp_path / "pair", epochs=1, members=2)
    with pytest.raises(UsageError, match="is of a committee; begin with a run of one network"):
        learned(films, tmp_path / "a", begin=tmp_path / "pair")
    with pytest.raises(
        UsageError, match="is of the network 'small', not 'efficientnet-lite0-half'"
    ):
        learned(films, tmp_path / "b", begin=tmp_path / "pair", network="efficientnet-lite0-half")


def test_a_class_of_one_patient_is_refused(films: Path, tmp_path: Path) -> None:
    folder = without(films, tmp_path / "odd", "mask")
    text = (folder / "cases.csv").read_text().splitlines()
    text[1] = text[1].replace("disc", "square")
    (folder / "cases.csv").write_text("\n".join(text) + "\n")
    with pytest.raises(UsageError, match="'square': only one patient has this label"):
        learned(folder, tmp_path / "run")
