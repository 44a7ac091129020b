"""`cbir train`: from an archive to a model that the base installation runs, and its report."""

import csv
import json
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.classifiers.onnx import OpenVinoClassifier
from models.errors import ModelUnusable
from models.segmenters.network import OpenVinoSegmenter
from tests.retrieval.cli.running import Run

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SMALL = ("--network", "small", "--size", "32", "--epochs", "2", "--batch", "16", "-q")


def films(folder: Path, sites: tuple[str, ...] = ("", ""), count: int = 40) -> Path:
    """Discs and rings with masks, in two hospitals, two films a patient."""
    rng = np.random.default_rng(0)
    (folder / "films").mkdir(parents=True)
    rows, columns = np.mgrid[:64, :64]
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "patient_id", "site", "mask", "split"])
        for number in range(count):
            away = np.hypot(rows - rng.uniform(26, 38), columns - rng.uniform(26, 38))
            ring = (away < 18) & ((away > 10) | (number % 4 < 2))
            film = np.clip(rng.normal(60, 12, (64, 64)) + 110 * ring, 0, 255)
            cv2.imwrite(str(folder / "films" / f"{number}.png"), film.astype(np.uint8))
            cv2.imwrite(str(folder / "films" / f"{number}-mask.png"), ring.astype(np.uint8) * 255)
            label = "disc" if number % 4 < 2 else "ring"
            side = "query" if number >= 0.7 * count else "archive"
            site = sites[number // 4 % 2]
            mask = f"films/{number}-mask.png"
            writer.writerow([f"films/{number}.png", label, f"p{number // 2}", site, mask, side])
    return folder


def test_a_classifier_is_trained_and_runs_without_torch(run: Run, tmp_path: Path) -> None:
    archive = films(tmp_path / "archive", ("North", "South"))
    ran = run("train", "classifier", archive, "--out", "run", *SMALL, "--format", "json")
    assert ran.code == 0, ran.err
    told = ran.json
    assert told == json.loads(Path("run/report.json").read_text())
    assert told["classes"] == ["disc", "ring"]
    assert told["films"] == {"train": 20, "validation": 8, "test": 12}
    assert set(told["systems"]) == {"classifier", "constant class", "raw pixels", "frozen encoder"}
    assert told["systems"]["constant class"]["auc"]["value"] == 0.5
    assert list(told["within"]) == ["North", "South"]
    assert sum(map(sum, told["test"]["confusion"])) == 12
    one = told["intervals"]["classes"][0]
    assert one["name"] == "disc" and one["recall"]["low"] <= one["recall"]["value"]
    assert told["intervals"]["macro_f1"]["value"] == pytest.approx(told["test"]["macro_f1"])
    page = Path("run/report.html").read_text()
    assert "Within North alone" in page and "No patient has films on two" in page
    assert {"settings.json", "curves.csv", "curves.png"} <= {p.name for p in Path("run").iterdir()}

    classifier = OpenVinoClassifier.load("run/model/classifier.json")
    assert classifier.spec.classes == ("disc", "ring")
    film = np.asarray(cv2.imread(str(archive / "films" / "39.png")), np.uint8)
    small = np.asarray(cv2.resize(film, (32, 32)), np.uint8)
    found, embedding = classifier.classify(small[None])
    assert found.sum() == pytest.approx(1, abs=1e-5) and embedding.shape == (1, 128)
    seen = Path("run/model/classifier.txt").read_text().split()
    assert len(seen) == 20 and all(len(digest) == 64 for digest in seen)


def test_its_model_is_an_encoder_of_an_index(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "models"))
    archive = films(tmp_path / "archive")
    assert run("train", "classifier", archive, "--out", "run", *SMALL).code == 0
    onnx, spec = "run/model/classifier.onnx", "run/model/classifier.json"
    assert run("models", "add", onnx, "--spec", spec).code == 0
    assert run("index", archive, "--out", "ix", "--encoder", "classifier", "-q").code == 0
    ran = run("query", archive / "films" / "39.png", "--index", "ix", "--format", "json")
    assert ran.code == 0 and ran.json["index"]["encoder"] == "classifier"


def test_a_half_written_or_changed_model_never_loads(run: Run, tmp_path: Path) -> None:
    archive = films(tmp_path / "archive")
    assert run("train", "classifier", archive, "--out", "run", *SMALL).code == 0
    onnx = Path("run/model/classifier.onnx")
    onnx.write_bytes(onnx.read_bytes()[:-100])
    with pytest.raises(ModelUnusable, match="is not the file that its spec names"):
        OpenVinoClassifier.load("run/model/classifier.json")
    onnx.unlink()
    with pytest.raises(ModelUnusable, match="cannot be read"):
        OpenVinoClassifier.load("run/model/classifier.json")


def test_it_goes_on_or_begins_anew(run: Run, tmp_path: Path) -> None:
    archive = films(tmp_path / "archive")
    assert run("train", "classifier", archive, "--out", "run", *SMALL).code == 0
    before = Path("run/model/classifier.onnx").read_bytes()
    assert run("train", "classifier", archive, "--out", "run", *SMALL).code == 0
    assert Path("run/model/classifier.onnx").read_bytes() == before
    ran = run("train", "classifier", archive, "--out", "run", *SMALL, "--learning-rate", "0.1")
    assert ran.code == 2 and "was begun with another settings" in ran.sentence
    ran = run(
        "train",
        "classifier",
        archive,
        "--out",
        "run",
        *SMALL,
        "--learning-rate",
        "0.1",
        "--no-resume",
    )
    assert ran.code == 0


def test_unreadable_films_are_left_out_and_told(run: Run, tmp_path: Path) -> None:
    archive = films(tmp_path / "archive")
    (archive / "films" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n no film")
    ran = run("train", "classifier", archive, "--out", "run", *SMALL, "--format", "json")
    assert ran.code == 0
    assert sum(ran.json["films"].values()) == 39
    assert "films that could not be read, left out: 1" in ran.json["remarks"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--without", "ring"), "all labelled scans are 'disc'"),
        (("--without", "square"), "there is no label 'square' to leave out; there are: disc, ring"),
        (("--set", "speed=3"), "there is no training setting 'speed'"),
        (("--set", "optimiser=magic"), "optimiser is 'magic'; there are: adamw, sgd"),
        (("--set", "dropout"), "--set has 'dropout'; it is written like epochs=20"),
        (("--augment", "rotation=200"), "augmentation rotation is 200.0; it is a number from 0"),
        (("--augment", "twist=1"), "there is no augmentation 'twist'"),
        (("--epochs", "0"), "epochs is 0; it is a number from 1"),
        (("--network", "huge"), "there is no network 'huge'"),
        (("--from", "imagenet"), "no trained weights are known for 'small'"),
        (("--segment", "liver"), "there is no segmenter 'liver'"),
    ],
)
def test_what_does_not_fit_is_said(
    run: Run, tmp_path: Path, change: tuple[str, ...], words: str
) -> None:
    archive = films(tmp_path / "archive", count=16)
    ran = run("train", "classifier", archive, "--out", "run", *SMALL, *change)
    assert ran.code in (2, 10) and words in ran.sentence
    assert not Path("run/model").exists()


def test_a_segmenter_is_trained_and_runs_without_torch(run: Run, tmp_path: Path) -> None:
    archive = films(tmp_path / "archive", ("North", "South"))
    ran = run(
        *("train", "segmenter", archive, "--out", "run", "--region", "ring", "--size", "64"),
        *(
            "--width",
            "4",
            "--epochs",
            "12",
            "--batch",
            "4",
            "--learning-rate",
            "0.01",
            "--format",
            "json",
            "-q",
        ),
    )
    assert ran.code == 0, ran.err
    assert ran.json["region"] == "ring" and ran.json["test"]["all"]["films"] == 12
    assert ran.json["test"]["all"]["dice"]["mean"] > 0.7
    assert set(ran.json["test"]) == {"all", "North", "South"}
    assert "Hausdorff" in Path("run/report.html").read_text()
    segmenter = OpenVinoSegmenter.load("run/model/segmenter.json")
    film = cv2.imread(str(archive / "films" / "39.png"), 0)
    truth = cv2.imread(str(archive / "films" / "39-mask.png"), 0)
    assert film is not None and truth is not None
    found = segmenter.on(np.asarray(film / 255, np.float32))[0] > 0.5
    assert 2 * (found & (truth > 0)).sum() / (found.sum() + (truth > 0).sum()) > 0.7


ANNOTATE = ("--network", "small", "--size", "32", "--batch", "8", "--least-patients", "3", "-q")


def with_findings(archive: Path) -> Path:
    """Rings have a hole; every fifth film says nothing, every sixth has no mask."""
    with (archive / "cases.csv").open() as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        hole = "Hole; Odd" if number == 3 else "Hole"
        row["findings"] = hole if row["label"] == "ring" else "No Finding"
        row["label"] = ""
        if number % 5 == 0:
            row["findings"] = ""
        if number % 6 == 0:
            row["mask"] = ""
    _rewrite(archive, rows)
    return archive


def _rewrite(archive: Path, rows: list[dict[str, str]]) -> None:
    with (archive / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_an_annotator_is_trained_and_annotates_without_torch(run: Run, tmp_path: Path) -> None:
    archive = with_findings(films(tmp_path / "archive", ("North", "South")))
    learning = ("--epochs", "8", "--learning-rate", "0.01", "--set", "trunk_rate=1")
    ran = run("train", "annotator", archive, "--out", "run", *ANNOTATE, *learning)
    assert ran.code == 0, ran.err
    told = json.loads(Path("run/report.json").read_text())
    assert told["findings"] == ["Hole"] and told["left_out"] == {"Odd": 1}
    assert told["regions"] == ["lungs"]
    assert any("that were not learned: Odd (1)" in remark for remark in told["remarks"])
    (hole,) = told["test"]["findings"]
    assert hole["films"] == 10 and hole["auc"]["value"] > 0.8  # two of 12 test films say nothing
    assert told["dice"]["mean"] > 0.6 and told["dice"]["films"] == 10
    page = Path("run/report.html").read_text()
    assert "<th>Hole</th>" in page and "Within North alone" in page

    spec = "run/model/annotator.json"
    ran = run("annotate", archive / "films" / "39.png", "--model", spec, "--format", "json", "-q")
    assert ran.code == 0, ran.err
    (row,) = ran.json["annotations"]
    assert set(row["findings"]) == {"Hole"} and row["text"] in ("Hole", "No Finding")
    assert row["annotated_by"].startswith("annotator ")


def test_one_finding_only_without_any_mask(run: Run, tmp_path: Path) -> None:
    archive = with_findings(films(tmp_path / "archive"))
    with (archive / "cases.csv").open() as file:
        _rewrite(archive, [{**row, "mask": ""} for row in csv.DictReader(file)])
    ran = run("train", "annotator", archive, "--out", "run", *ANNOTATE, "--epochs", "1")
    assert ran.code == 0, ran.err
    spec = json.loads(Path("run/model/annotator.json").read_text())
    assert spec["findings"] == ["Hole"] and spec["regions"] == []
    told = json.loads(Path("run/report.json").read_text())
    assert "no training film has a mask, so only findings were learned" in told["remarks"]
    assert told["dice"] == {"films": 0, "mean": None}
    ran = run("annotate", archive / "films" / "39.png", "--model", "run/model/annotator.json")
    assert ran.code == 0, ran.err


def test_masks_of_another_size_and_unreadable_films_are_left_out(run: Run, tmp_path: Path) -> None:
    archive = with_findings(films(tmp_path / "archive"))
    cv2.imwrite(str(archive / "films" / "1-mask.png"), np.full((10, 10), 255, np.uint8))
    (archive / "films" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n no film")
    ran = run("train", "annotator", archive, "--out", "run", *ANNOTATE, "--epochs", "1")
    assert ran.code == 0, ran.err
    remarks = json.loads(Path("run/report.json").read_text())["remarks"]
    assert "masks of another size than their scan, left out: 1" in remarks
    assert "films that could not be read, left out: 1" in remarks


def test_an_annotator_needs_findings(run: Run, tmp_path: Path, examples: Path) -> None:
    archive = with_findings(films(tmp_path / "archive"))
    ran = run("train", "annotator", archive, "--out", "run", *ANNOTATE, "--least-patients", "90")
    assert ran.code == 2 and "patients with each: Hole (" in ran.sentence
    ran = run("train", "annotator", archive, "--out", "run", *ANNOTATE, "--size", "40")
    assert ran.code == 2 and "an annotator's is a multiple of 32" in ran.sentence
    assert not Path("run/model").exists()


def test_an_archive_without_masks_is_refused(run: Run, examples: Path) -> None:
    ran = run("train", "segmenter", examples / "queries", "--out", "run", "--size", "32", "-q")
    assert ran.code == 2 and "no scan of the archive has a mask" in ran.sentence
