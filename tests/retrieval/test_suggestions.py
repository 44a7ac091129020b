"""The diagnosis head on the example archive: real films, asked through the engine."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.config import Config
from indexer.pipeline import Options, build
from models.errors import UsageError
from models.runtime import registry
from models.runtime.spec import read_spec
from retrieval.report.as_json import as_object
from retrieval.search import Engine, Query
from tests.manifests import manifest_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    out = tmp_path_factory.mktemp("index") / "examples"
    build(examples / "archive", out)
    with Engine(out) as opened:
        yield opened


@pytest.fixture(scope="module")
def film(examples: Path) -> Path:
    return examples / "queries" / "Shenzhen_0609.jpg"


def test_everything_is_fitted_on_ninety_films(engine: Engine) -> None:
    head = engine.index.heads.diagnosis
    assert head.note == ""
    assert head.linear is not None
    assert head.pool is not None
    assert head.sets is not None
    assert head.novelty is not None
    assert head.calibration is not None
    assert head.calibration.cases == 90
    assert {name: len(own) for name, own in head.sets.probabilities.items()} == dict.fromkeys(
        ("normal", "pneumonia", "tuberculosis"), 30
    )


def test_an_answer_says_how_sure_it_is(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film))
    found = answer.diagnosis
    assert found.label == "tuberculosis"
    assert found.coverage == 0.9
    assert found.precedent is not None
    assert found.unlikeness is not None
    assert found.unlikeness.value < found.unlikeness.threshold
    assert found.judged == 90
    assert answer.against is not None
    assert answer.against.label != "tuberculosis"
    told = as_object(answer)["diagnosis"]
    assert told["novelty"]["value"] < told["novelty"]["threshold"]
    assert told["calibration"]["cases"] == 90


def test_more_coverage_rules_out_less(engine: Engine, film: Path) -> None:
    answers = [engine.query(Query(film, coverage=share)).diagnosis for share in (0.5, 0.9, 0.96)]
    assert [found.coverage for found in answers] == [0.5, 0.9, 0.96]
    sizes = [len(found.set) for found in answers]
    assert sizes == sorted(sizes)
    assert engine.query(Query(film, coverage=0.99)).diagnosis.coverage is None  # 30 of a label
    for wrong in (0.4, 1.0, float("nan")):
        with pytest.raises(UsageError, match="coverage is"):
            engine.query(Query(film, coverage=wrong))


def test_with_other_weights_nothing_is_promised(engine: Engine, film: Path) -> None:
    found = engine.query(Query(film, weights={"colour": 0.0})).diagnosis
    assert found.coverage is None
    assert found.precedent is None


def test_another_picture_is_unlike_the_films(engine: Engine, tmp_path: Path) -> None:
    down, across = np.mgrid[:300, :300]
    squares = np.where((down // 20 + across // 20) % 2, 210, 40).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "squares.png"), squares)
    found = engine.query(Query(tmp_path / "squares.png")).diagnosis
    assert (found.label, found.code) == (None, "novelty")
    assert found.probabilities == pytest.approx(dict.fromkeys(found.probabilities, 1 / 3))
    assert found.forced != found.probabilities


def test_the_same_film_gets_the_same_answer(engine: Engine, film: Path) -> None:
    assert engine.query(Query(film)).diagnosis == engine.query(Query(film)).diagnosis


def test_an_encoder_says_which_films_it_has_seen(
    examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three films were trained on. The others judge, but one, whose patient was seen too."""
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "models"))
    archive = examples / "archive"
    rows = manifest_of(archive)
    seen = [row["path"] for at, row in enumerate(rows) if at % 3]
    digests = [hashlib.sha256((archive / path).read_bytes()).hexdigest() for path in seen]
    (tmp_path / "mine.txt").write_text("\n".join(digests) + "\n", encoding="ascii")
    told = asdict(read_spec(registry.SHIPPED / "mobilenetv2.json"))
    told |= {"name": "mine", "trained_on": "mine.txt"}
    del told["file"]
    (tmp_path / "mine.json").write_text(json.dumps(told), encoding="utf-8")
    registry.add(registry.SHIPPED / "mobilenetv2.onnx", tmp_path / "mine.json")
    build(archive, tmp_path / "index", Options(config=Config(encoder="mine")))
    patients = {row["patient_id"] for row in rows if row["path"] in seen}
    unseen = [row for row in rows if row["patient_id"] not in patients]
    assert len(unseen) == 29
    with Engine(tmp_path / "index") as opened:
        head = opened.index.heads.diagnosis
        assert head.calibration is not None
        assert head.calibration.cases == 29
        assert head.novelty is None  # it takes 50 that were not seen
        assert sum(map(len, head.sets.probabilities.values() if head.sets else ())) == 29
