"""A model is made smaller, measured on what it has not seen, and kept or refused."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from indexer.learn.compress import CompressAsked, Compression, compress
from models.classifiers.onnx import OpenVinoClassifier
from models.compress.contract import Wishes
from models.errors import CannotWrite, ModelUnusable, UsageError
from models.segmenters.network import OpenVinoSegmenter
from models.training.progress import silent
from tests.indexer.learn.discs import archive, classifier_run, segmenter_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

TRAINING = {"epochs": 2, "batch": 8}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Discs and rings, with a classifier and a segmenter that were trained on them."""
    folder = tmp_path_factory.mktemp("work")
    films = archive(folder / "films")
    classifier_run(films, folder / "classifier")
    segmenter_run(films, folder / "segmenter")
    return folder


def made(work: Path, out: Path, kind: str = "classifier", **asked: Any) -> Compression:
    told: dict[str, Any] = {"method": "int8", "workers": 1, **asked}
    wishes: Mapping[str, Any] = told.pop("wishes", {})
    spec = work / kind / "model" / f"{kind}.json"
    given = CompressAsked(wishes=Wishes(**{"training": TRAINING, **wishes}), **told)
    return compress(str(spec), work / "films", out, given, silent)


def models_in(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "model").glob("*"))


def test_int8_of_a_classifier(work: Path, tmp_path: Path) -> None:
    found = made(work, tmp_path)
    assert found.refused == "" and found.spec == tmp_path / "model" / "classifier-int8.json"
    assert found.films == {"train": 56, "validation": 8, "measured": 32, "searched": 64}
    assert list(found.before.right) == ["balanced accuracy", "AUC", "P@1", "P@5", "mAP"]
    assert found.before.right["AUC"] > 0.95
    for name, value in found.before.right.items():
        assert found.after.right[name] == pytest.approx(value, abs=0.02), name
    assert found.after.mib < 0.4 * found.before.mib
    assert found.after.parameters == found.before.parameters
    assert found.after.cost.cpu_ms > 0
    kept = json.loads((tmp_path / "compression.json").read_text())
    assert kept == json.loads(json.dumps(found.to_json()))
    assert kept["spec"] == "classifier-int8.json"

    before = OpenVinoClassifier.load(str(work / "classifier" / "model" / "classifier.json"))
    after = OpenVinoClassifier.load(str(found.spec))
    assert after.spec.classes == before.spec.classes
    assert after.spec.temperature == before.spec.temperature
    assert after.spec.note == "int8" and after.spec.source.endswith("random weights; int8")
    listed = (work / "classifier" / "model" / "classifier.txt").read_bytes()
    assert (tmp_path / "model" / after.spec.trained_on).read_bytes() == listed


def test_fp16_and_int8_of_a_segmenter(work: Path, tmp_path: Path) -> None:
    for method, share in (("fp16", 0.55), ("int8", 0.35)):
        found = made(work, tmp_path / method, "segmenter", method=method)
        assert list(found.before.right) == ["Dice"] and found.before.right["Dice"] > 0.9
        assert found.after.right["Dice"] == pytest.approx(found.before.right["Dice"], abs=0.005)
        assert found.after.mib < share * found.before.mib
        segmenter = OpenVinoSegmenter.load(str(found.spec))
        assert segmenter.spec.regions == ("shape",)
    assert found.films == {"train": 56, "validation": 8, "measured": 32}


@pytest.mark.parametrize("kind", ["classifier", "segmenter"])
def test_pruned_with_the_run_that_it_lies_in(work: Path, tmp_path: Path, kind: str) -> None:
    found = made(work, tmp_path, kind, method="prune", limit=1.0, wishes={"keep": 0.5})
    assert found.how == "pruned to 0.5 of its inner channels"
    assert found.after.parameters < 0.4 * found.before.parameters
    assert found.after.cost.cpu_ms < found.before.cost.cpu_ms
    assert models_in(tmp_path) == [f"{kind}-prune.{end}" for end in ("json", "onnx", "txt")]
    again = made(work, tmp_path, kind, method="prune", limit=1.0, wishes={"keep": 0.5})
    assert again.after.right == found.after.right  # gone on with: there was nothing left to do


def test_distilled_into_a_smaller_network(work: Path, tmp_path: Path) -> None:
    """Its pictures have another size; the films are read again for it."""
    wishes = {"student": "efficientnet-lite0-half", "training": {**TRAINING, "epochs": 1}}
    found = made(work, tmp_path, method="distil", limit=1.0, wishes=wishes)
    classifier = OpenVinoClassifier.load(str(found.spec))
    assert (classifier.spec.size, classifier.spec.dim) == (32, 1280)
    assert classifier.spec.mean == (127.0, 127.0, 127.0)
    assert classifier.spec.temperature != 1.0
    small = made(work, tmp_path / "small", "classifier", method="distil", limit=1.0)
    assert small.films["measured"] == 32
    learned = (tmp_path / "model" / classifier.spec.trained_on).read_text().split()
    assert len(learned) == 56


def test_what_loses_more_than_the_limit_is_not_written(work: Path, tmp_path: Path) -> None:
    """Nor is what an earlier run left under its name; the figures are."""
    spoilt = {"keep": 0.1, "training": {"epochs": 1, "batch": 8, "learning_rate": 1e-8}}
    kept = made(work, tmp_path, method="prune", limit=1.0, wishes=spoilt)
    assert kept.spec is not None and len(models_in(tmp_path)) == 3
    found = made(work, tmp_path, method="prune", limit=0.0, wishes=spoilt)
    assert found.spec is None and "and the limit is 0" in found.refused
    assert models_in(tmp_path) == []
    told = json.loads((tmp_path / "compression.json").read_text())
    assert told["spec"] is None and told["refused"] == found.refused


def test_a_run_that_did_not_make_the_model(work: Path, tmp_path: Path) -> None:
    """Of another kind, with other weights, damaged, or none."""

    def refused(run: Path) -> str:
        with pytest.raises(ModelUnusable) as error:
            made(work, tmp_path / "out", method="prune", wishes={"run": run})
        assert not (tmp_path / "out" / "model").exists()
        return str(error.value)

    assert "is of another architecture than the model 'classifier': unet of 64 px" in refused(
        work / "segmenter"
    )
    classifier_run(work / "films", tmp_path / "other", epochs=1, seed=5)
    assert "did not make the model 'classifier': their answers differ" in refused(
        tmp_path / "other"
    )
    best = next((tmp_path / "other").glob("best-*.safetensors"))
    best.write_bytes(best.read_bytes()[:-4])
    assert "is not what was written" in refused(tmp_path / "other")
    assert "is not the folder of a training run" in refused(tmp_path)


def test_what_fits_no_model(work: Path, tmp_path: Path) -> None:
    def refused(kind: str = "classifier", **asked: Any) -> str:
        with pytest.raises((UsageError, ModelUnusable)) as error:
            made(work, tmp_path, kind, **asked)
        assert not (tmp_path / "model").exists()
        return str(error.value)

    assert "there is no way to compress 'zip'; there are: int8" in refused(method="zip")
    assert "--limit is 2; it is a number from 0 to 1" in refused(limit=2)
    assert "--limit is nan" in refused(limit=float("nan"))
    assert "--keep is 1.0; it is a share" in refused(method="prune", wishes={"keep": 1.0})
    assert "which can teach" in refused("segmenter", method="distil")
    assert "there is no training setting 'speed'" in refused(
        method="prune", wishes={"training": {"speed": 3}}
    )
    assert "56 films to learn from are fewer than a batch of 100" in refused(
        method="distil", wishes={"training": {"batch": 100}}
    )
    assert "the model name '../x' is not allowed" in refused(name="../x")


def test_the_run_itself_is_no_place_for_what_is_made(work: Path) -> None:
    before = {path.name for path in (work / "classifier").iterdir()}
    with pytest.raises(UsageError, match="is the training run itself; choose another folder"):
        made(work, work / "classifier", method="prune", resume=False)
    assert {path.name for path in (work / "classifier").iterdir()} == before


def test_the_model_s_file_is_not_the_one_of_its_spec(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work / "classifier" / "model", tmp_path / "model")
    onnx = tmp_path / "model" / "classifier.onnx"
    onnx.write_bytes(onnx.read_bytes()[:-1] + b"\0")
    asked = CompressAsked(method="int8", workers=1)
    with pytest.raises(ModelUnusable, match="is not the file that its spec names"):
        compress(
            str(tmp_path / "model" / "classifier.json"),
            work / "films",
            tmp_path / "out",
            asked,
            silent,
        )
    assert not (tmp_path / "out").exists()


def test_with_other_wishes_it_begins_anew_only_if_told(work: Path, tmp_path: Path) -> None:
    made(work, tmp_path, method="prune", limit=1.0, wishes={"keep": 0.5})
    other: dict[str, Any] = {"method": "prune", "limit": 1.0, "wishes": {"keep": 0.7}}
    with pytest.raises(UsageError, match="was begun with another keep; begin anew with --no-re"):
        made(work, tmp_path, **other)
    assert made(work, tmp_path, **other, resume=False).refused == ""


def test_a_full_disk_leaves_no_half_of_a_model(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spec is what makes a model: it is written last, so without it there is none."""
    import os

    written: list[str] = []
    sync = os.fsync

    def full(handle: int) -> None:
        written.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        if "classifier-int8.txt" in written[-1]:
            raise OSError(28, "No space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="No space left on device"):
        made(work, tmp_path)
    assert models_in(tmp_path) == ["classifier-int8.onnx"]
    with pytest.raises(ModelUnusable, match="there is no spec"):
        OpenVinoClassifier.load(str(tmp_path / "model" / "classifier-int8.json"))


def test_the_shipped_encoder_teaches_a_student(examples: Path, tmp_path: Path) -> None:
    """On real films, with an encoder that has no run and no labels of its own."""
    wishes = Wishes(student="small", training={"epochs": 1, "batch": 16})
    asked = CompressAsked(method="distil", wishes=wishes, limit=1.0, workers=2)
    found = compress("efficientnet-lite0", examples / "archive", tmp_path, asked, silent)
    assert list(found.before.right) == ["P@1", "P@5", "mAP"]
    assert found.films == {"train": 62, "validation": 10, "measured": 18, "searched": 72}
    assert 0 < found.after.mib < 0.5 * found.before.mib
    assert all(0.2 < value <= 1 for value in found.after.right.values())
    assert found.remarks[0] == "the archive sets no films apart for testing: 18 were drawn"
    with pytest.raises(UsageError, match="'efficientnet-lite0' is quantised already"):
        again = replace(asked, method="int8")
        compress("efficientnet-lite0", examples / "archive", tmp_path, again, silent)
    with pytest.raises(UsageError, match="neither a classifier nor a segmenter that was trained"):
        again = replace(asked, method="prune")
        compress("efficientnet-lite0", examples / "archive", tmp_path, again, silent)


def test_too_few_films_to_calibrate(work: Path, tmp_path: Path) -> None:
    """Eight films are left when half of the archive's patients measure."""
    films = archive(tmp_path / "few", 12, seed=1)
    spec = str(work / "classifier" / "model" / "classifier.json")
    asked = CompressAsked(method="int8", workers=1)
    with pytest.raises(UsageError, match="int8 takes its ranges from films of the training side"):
        compress(spec, films, tmp_path / "out", asked, silent)
    assert not (tmp_path / "out" / "model").exists()
