"""`cbir models`, and what happens to an index when its encoder is gone."""

import json
from pathlib import Path

import pytest

import models.runtime.registry as registry
from tests.retrieval.cli.running import Run
from tests.retrieval.films import two_films


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's own encoders."""
    folder = tmp_path / "my-models"
    monkeypatch.setenv("CBIR_MODELS", str(folder))
    return folder


def written_spec(folder: Path, **changes: object) -> Path:
    """The spec of MobileNetV2 under another name, beside a copy of its file."""
    told = json.loads((registry.SHIPPED / "mobilenetv2.json").read_text())
    (folder / "my.onnx").write_bytes((registry.SHIPPED / told["file"]).read_bytes())
    told |= {"name": "mine", **changes}
    kept = {name: told[name] for name in told if name not in ("file", "sha256")}
    (folder / "my.json").write_text(json.dumps(kept))
    return folder / "my.json"


def test_the_shipped_encoders_are_listed(run: Run) -> None:
    ran = run("models", "list")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["chest-lungs", "segmenter"],
        ["efficientnet-lite0", "encoder"],
        ["mobilenetv2", "encoder"],
    ]
    told = run("models", "list", "--format", "json").json
    assert [spec["name"] for spec in told] == ["chest-lungs", "efficientnet-lite0", "mobilenetv2"]
    assert {"sha256", "size", "mean", "std", "dim", "licence", "source"} <= told[1].keys()


def test_an_encoder_is_added_used_and_missed(
    run: Run, mine: Path, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBIR_MODELS", str(mine))
    spec = written_spec(tmp_path)
    ran = run("models", "add", tmp_path / "my.onnx", "--spec", spec)
    assert ran.out == "added the encoder mine: it takes 224 x 224 px\n"
    assert run("models", "list", "--format", "json").json[3]["name"] == "mine"
    films = two_films(examples, tmp_path / "films")
    assert run("index", films, "--out", "ix", "--encoder", "mine", "-q").code == 0
    film = examples / "queries" / "Montgomery_0372.jpg"
    assert run("query", film, "--index", "ix").code == 0

    onnx = next(mine.glob("*.onnx"))
    data = bytearray(onnx.read_bytes())
    data[len(data) // 2] ^= 1
    onnx.write_bytes(bytes(data))
    ran = run("query", film, "--index", "ix")
    assert (ran.code, ran.out) == (10, "")
    assert ran.sentence.startswith(f"{onnx} is not the file that its spec names")

    (mine / "mine.json").unlink()
    ran = run("query", film, "--index", "ix")
    assert ran.code == 10
    assert ran.sentence.startswith("there is no model 'mine'; there are: chest-lungs")
    assert run("index", films, "--out", "other", "--encoder", "mine").code == 10
    assert not Path("other").exists()


def test_another_encoder_of_the_same_name_is_refused(
    run: Run, mine: Path, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBIR_MODELS", str(mine))
    spec = written_spec(tmp_path)
    run("models", "add", tmp_path / "my.onnx", "--spec", spec)
    films = two_films(examples, tmp_path / "films")
    run("index", films, "--out", "ix", "--encoder", "mine", "-q")
    for path in mine.iterdir():
        path.unlink()
    other = registry.SHIPPED / "efficientnet-lite0.onnx"
    ran = run("models", "add", other, "--spec", spec, "--format", "json")
    assert ran.json["name"] == "mine"
    film = examples / "queries" / "Montgomery_0372.jpg"
    ran = run("query", film, "--index", "ix")
    assert (ran.code, ran.out) == (5, "")
    assert "was built with the encoder mine (" in ran.sentence
    assert "installed is mine (" in ran.sentence


def test_what_cannot_be_added_is_a_sentence(run: Run, mine: Path, tmp_path: Path) -> None:
    spec = written_spec(tmp_path)
    assert run("models", "add", "none.onnx", "--spec", spec).code == 10
    ran = run("models", "add", tmp_path / "my.onnx", "--spec", "none.json")
    assert ran.code == 10
    assert ran.sentence.startswith("there is no spec none.json")
    wrong = written_spec(tmp_path, dim=7)
    ran = run("models", "add", tmp_path / "my.onnx", "--spec", wrong)
    assert ran.code == 10
    assert "its spec says dim 7" in ran.sentence
    (tmp_path / "in the way").write_text("")
    assert not mine.exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "file" / "models"))
    ran = run("models", "add", tmp_path / "my.onnx", "--spec", written_spec(tmp_path))
    assert ran.code == 7
    assert "CBIR_MODELS can name another folder" in ran.sentence
