"""`cbir train encoder`: from an archive to a model that an index takes, and its report."""

import csv
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.retrieval.cli.running import Run
from tests.retrieval.cli.test_train import SMALL, films

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
FLOORS = ["raw pixels", "frozen encoder", "frozen encoder, discriminant"]


def unlabelled(archive: Path) -> Path:
    with (archive / "cases.csv").open() as file:
        rows = [{**row, "label": ""} for row in csv.DictReader(file)]
    with (archive / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return archive


def test_an_encoder_is_trained_and_an_index_takes_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "models"))
    archive = films(tmp_path / "archive", ("North", "South"))
    asked = ("--loss", "supcon", "--mix", "0.5", "--dim", "24", "--format", "json")
    ran = run("train", "encoder", archive, "--out", "run", *SMALL, *asked)
    assert ran.code == 0, ran.err
    told = ran.json
    assert told == json.loads(Path("run/report.json").read_text())
    assert told["films"] == {"train": 20, "validation": 8, "test": 12}
    assert told["scans"] == {"test": 12, "searched": 28}
    assert list(told["systems"]) == ["this encoder", *FLOORS]
    assert list(told["better"]) == FLOORS and list(told["within"]) == ["North", "South"]
    own = told["systems"]["this encoder"]
    assert own["queries"] == 12
    figure = own["mAP"]["micro"]
    assert 0 < figure["low"] <= figure["value"] <= figure["high"] <= 1
    assert own["MAP@R"]["micro"]["value"] <= figure["value"]
    assert own["hit_rate@1"]["macro"]["value"] <= own["hit_rate@5"]["macro"]["value"]
    page = Path("run/report.html").read_text()
    assert "Within North alone" in page and "No patient has films on two" in page
    assert {"settings.json", "curves.csv", "curves.png"} <= {p.name for p in Path("run").iterdir()}

    onnx, spec = "run/model/encoder.onnx", "run/model/encoder.json"
    assert run("models", "add", onnx, "--spec", spec).code == 0
    assert run("index", archive, "--out", "ix", "--encoder", "encoder", "-q").code == 0
    ran = run("query", archive / "films" / "39.png", "--index", "ix", "--format", "json")
    assert ran.code == 0 and ran.json["index"]["encoder"] == "encoder"


def test_without_labels_the_report_says_what_cannot_be_told(run: Run, tmp_path: Path) -> None:
    archive = unlabelled(films(tmp_path / "archive"))
    ran = run("train", "encoder", archive, "--out", "run", *SMALL, "--loss", "self-supervised")
    assert ran.code == 0, ran.err
    told = json.loads(Path("run/report.json").read_text())
    assert told["systems"] == {} and told["better"] == {} and told["classes"] == []
    views = told["views"]["this encoder"]
    assert 0 <= views["first"] <= views["reciprocal_rank"] <= 1
    page = Path("run/report.html").read_text()
    assert "how well labels are found" in page and "finds its other view first" in page
    assert "What was learned:\nloss self-supervised, dim 256" in page
    ran = run("train", "encoder", archive, "--out", "other", *SMALL)
    assert ran.code == 2 and "without labels: --loss self-supervised" in ran.sentence


def test_it_goes_on_or_begins_anew(run: Run, tmp_path: Path) -> None:
    archive = films(tmp_path / "archive")
    asked = ("train", "encoder", archive, "--out", "run", *SMALL)
    assert run(*asked).code == 0
    before = Path("run/model/encoder.onnx").read_bytes()
    assert run(*asked).code == 0
    assert Path("run/model/encoder.onnx").read_bytes() == before
    ran = run(*asked, "--loss", "supcon")
    assert ran.code == 2 and "was begun with another recipe" in ran.sentence
    assert run(*asked, "--loss", "supcon", "--no-resume").code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--without", "ring"), "all labelled scans are 'disc'"),
        (("--batch", "3"), "a batch of 3 cannot hold two films of each of two classes"),
        (("--mix", "0.5"), "a classifier has a part in supcon and multi-similarity only"),
        (("--temperature", "0"), "temperature is 0.0; it is a number from 0.01 to 1"),
        (("--members", "40"), "are too few for 40 members"),
        (("--from", "elsewhere"), "--from is 'elsewhere'; it is imagenet, nothing, or the folder"),
        (("--from", "imagenet"), "no trained weights are known for 'small'"),
        (("--network", "huge"), "there is no network 'huge'"),
        (("--beside", "nobody"), "there is no model 'nobody'"),
    ],
)
def test_what_does_not_fit_is_said(
    run: Run, tmp_path: Path, change: tuple[str, ...], words: str
) -> None:
    archive = films(tmp_path / "archive", count=16)
    ran = run("train", "encoder", archive, "--out", "run", *SMALL, *change)
    assert ran.code in (2, 10) and words in ran.sentence
    assert not Path("run/model").exists()
