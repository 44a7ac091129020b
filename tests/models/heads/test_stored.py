"""The head comes back from disk as it was, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.errors import IndexDamaged
from models.heads import combined, stored
from models.heads.combined import CombinedHead
from models.heads.neighbours import NeighbourVote
from models.heads.pooling import Pool
from tests.models.heads.archives import WEIGHTS, clusters

DIMS = {"colour": 6, "edge": 6, "embedding": 12, "text": 4}
ARCHIVE = clusters(120)


@pytest.fixture(scope="module")
def head() -> CombinedHead:
    return combined.fit(ARCHIVE, WEIGHTS)


@pytest.fixture
def folder(head: CombinedHead, tmp_path: Path) -> Path:
    stored.save(head, tmp_path)
    return tmp_path


def test_it_answers_as_before(head: CombinedHead, folder: Path) -> None:
    again = stored.load(folder, DIMS)
    features = {name: block[0] for name, block in ARCHIVE.blocks.items()}
    scores, labels = np.array([0.9, 0.8], np.float32), ["a", "b"]
    before = head.probabilities(scores, labels, features)
    assert again.probabilities(scores, labels, features) == pytest.approx(before, abs=1e-9)
    assert (again.vote, again.pool, again.sets) == (head.vote, head.pool, head.sets)
    assert (again.calibration, again.note) == (head.calibration, head.note)
    assert head.novelty is not None
    assert again.novelty is not None
    assert again.novelty.value(features) == pytest.approx(head.novelty.value(features), abs=1e-9)
    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}


def test_a_head_of_a_small_archive_comes_back(tmp_path: Path) -> None:
    small = CombinedHead(NeighbourVote({"a": 1.0}), note="it is small")
    stored.save(small, tmp_path)
    assert stored.load(tmp_path, DIMS) == small


def test_steps_come_back(head: CombinedHead, tmp_path: Path) -> None:
    rising: tuple[tuple[float, ...], tuple[float, ...]] = ((0.1, 0.5), (0.0, 0.9))
    steps = dict.fromkeys("abc", rising)
    weights = {} if head.pool is None else head.pool.weights
    other = CombinedHead(head.vote, head.linear, Pool(weights, steps))
    stored.save(other, tmp_path)
    assert stored.load(tmp_path, DIMS).pool == other.pool


@pytest.mark.parametrize("name", ["diagnosis.json", "diagnosis.safetensors"])
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff\xfe", None])
def test_damaged_files_are_said(folder: Path, name: str, data: bytes | None) -> None:
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    with pytest.raises(IndexDamaged, match="diagnosis head"):
        stored.load(folder, DIMS)


def _set(*path: str | int, value: Any) -> Callable[[Any], None]:
    def change(told: Any) -> None:
        for key in path[:-1]:
            told = told[key]
        told[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("schema", value=1),
        _set("vote", value=None),
        _set("pool", "weights", "linear", value=-1.0),
        _set("pool", "weights", value={"linear": 1.0, "other": 1.0}),
        _set("pool", "weights", value={"neighbours": 1.0}),
        _set("pool", "steps", value={"a": [[0.1], [0.2]]}),
        _set("pool", "steps", value={n: [[0.1, 0.2], [0.2]] for n in "abc"}),
        _set("linear", "classes", value=["a", "b"]),
        _set("linear", "classes", value=["a", "b", "z"]),
        _set("linear", "classes", value="abc"),
        _set("linear", "blocks", value=["embedding", "depth"]),
        _set("sets", "a", value=[0.5, 0.4]),
        _set("sets", "a", value=[1.5]),
        _set("sets", value={"a": [0.5]}),
        _set("novelty", "threshold", value=0),
        _set("novelty", "spaces", value=[]),
        _set("novelty", "spaces", 0, "scale", value=[1.0]),
        _set("novelty", "spaces", 0, "blocks", value=["edge"]),
        _set("calibration", "unsure_below", value=2),
        _set("calibration", "answers", "a", "right", value=[True]),
        _set("calibration", "answers", "a", "given", value=[2.0]),
    ],
)
def test_what_cannot_be_is_said(folder: Path, change: Callable[[Any], None]) -> None:
    told = json.loads((folder / "diagnosis.json").read_text(encoding="utf-8"))
    change(told)
    (folder / "diagnosis.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(IndexDamaged):
        stored.load(folder, DIMS)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("linear.weight", np.full((24, 3), np.nan, np.float32)),
        ("linear.weight", np.zeros((23, 3), np.float32)),
        ("linear.bias", np.zeros(3, np.float64)),
        ("novelty.0.directions", np.zeros((2, 24), np.float32)),
        ("novelty.0.variance", np.zeros(12, np.float32)),
    ],
)
def test_numbers_that_do_not_fit_are_said(folder: Path, name: str, array: np.ndarray) -> None:
    path = folder / "diagnosis.safetensors"
    save_file({**load_file(path), name: array}, path)
    with pytest.raises(IndexDamaged):
        stored.load(folder, DIMS)


def test_a_head_of_another_index_is_refused(folder: Path) -> None:
    with pytest.raises(IndexDamaged):
        stored.load(folder, {**DIMS, "embedding": 13})
