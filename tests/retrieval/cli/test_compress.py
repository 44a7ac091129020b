"""`cbir models compress`: one table, and a sentence where a model is refused."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.indexer.learn.discs import archive, classifier_run
from tests.retrieval.cli.running import Run

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("work")
    classifier_run(archive(folder / "films"), folder / "run")
    return folder


def words(work: Path, method: str, *more: str) -> list[str]:
    spec, films = work / "run" / "model" / "classifier.json", work / "films"
    told = ["models", "compress", str(spec), "--archive", str(films), "--method", method]
    return [*told, "--out", "out", "--workers", "1", *more]


@pytest.mark.slow
def test_one_table_and_a_model_that_can_be_added(
    run: Run, work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "models"))
    ran = run(*words(work, "int8", "--name", "quick", "--limit", "0.05"))
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    names = [cell.strip() for cell in lines[0].split("|")[2:-1]]
    assert names[:4] == ["file, MiB", "parameters", "ms", "CPU ms"]
    assert names[4:] == ["balanced accuracy", "AUC", "P@1", "P@5", "mAP"]
    assert [line.split("|")[1].strip() for line in lines[2:4]] == ["before", "int8"]
    assert lines[5] == "films: train 56, validation 8, measured 32, searched 64"
    assert lines[-1] == "out/model/quick.json"
    added = run("models", "add", "out/model/quick.onnx", "--spec", "out/model/quick.json")
    assert added.out == "added the classifier quick: it takes 32 x 32 px\n"
    assert run(*words(work, "int8", "-q", "--limit", "0.05")).out == ""


@pytest.mark.slow
def test_what_loses_too_much_is_refused_with_its_figures(run: Run, work: Path) -> None:
    spoilt = ("--epochs", "1", "--set", "batch=8", "--set", "learning_rate=1e-8")
    ran = run(*words(work, "prune", "--keep", "0.1", *spoilt, "--format", "json"))
    assert ran.code == 10
    assert "'classifier', pruned to 0.1 of its inner channels, is refused" in ran.err
    assert "and the limit is 0.01. Take a milder method" in ran.err
    told = ran.json
    assert told["spec"] is None and told["refused"] in ran.err
    assert told == json.loads(Path("out/compression.json").read_text())
    assert not list(Path("out").glob("model/*"))


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--keep", "1.5"), 2, "--keep is 1.5; it is a share between 0 and 1"),
        (("--limit", "-1"), 2, "--limit is -1.0; it is a number from 0 to 1"),
        (("--without", "square"), 2, "there is no label 'square' to leave out"),
        (("--run", "nowhere"), 10, "nowhere is not the folder of a training run"),
        (("--set", "epochs"), 2, "--set has 'epochs'; it is written like epochs=20"),
        (("--segment", "liver"), 2, "there is no segmenter 'liver'"),
    ],
)
def test_what_does_not_fit_is_said(
    run: Run, work: Path, more: tuple[str, ...], code: int, said: str
) -> None:
    ran = run(*words(work, "prune", "-q", *more))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.sentence
    assert not Path("out/model").exists()


def test_a_model_that_there_is_not(run: Run, work: Path) -> None:
    ran = run("models", "compress", "gone", *words(work, "int8")[3:])
    assert ran.code == 10 and ran.sentence.startswith("there is no model 'gone'; there are: ")
    assert not Path("out").exists()
