"""Specs of encoders: what is read, and what is refused with which words."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from models.errors import ModelUnusable
from models.runtime import AnnotatorSpec
from models.runtime.spec import from_json, read_spec, to_json

GOOD: dict[str, Any] = {
    "name": "mine",
    "size": 224,
    "mean": [127, 127, 127],
    "std": [128, 128, 128],
    "dim": 1280,
    "licence": "MIT",
    "source": "made here",
}


def test_what_may_be_left_out() -> None:
    spec = from_json(GOOD, Path("mine.json"))
    assert (spec.file, spec.sha256, spec.layout, spec.note) == ("mine.onnx", "", "NCHW", "")
    assert spec.mean == (127.0, 127.0, 127.0)


def test_written_and_read_back(tmp_path: Path) -> None:
    spec = from_json({**GOOD, "note": "两", "modalities": ["CR", "CT"]}, Path("mine.json"))
    assert spec.modalities == ("CR", "CT") and spec.body_parts == ()
    path = tmp_path / "mine.json"
    path.write_text(to_json(spec), encoding="utf-8")
    assert read_spec(path) == spec
    lists = {name: list(getattr(spec, name)) for name in ("modalities", "body_parts")}
    lists |= {"mean": [127.0] * 3, "std": [128.0] * 3}
    assert json.loads(to_json(spec)) == {**asdict(spec), **lists}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "../evil"}, "name '../evil' is not allowed"),
        ({"name": "a/b"}, "name 'a/b' is not allowed"),
        ({"name": ""}, "name '' is not allowed"),
        ({"name": "Mine"}, "name 'Mine' is not allowed"),
        ({"name": 7}, "name must be text"),
        ({"file": "../x.onnx"}, "must be a plain name"),
        ({"file": "/etc/passwd"}, "must be a plain name"),
        ({"file": "x.bin"}, "must be a plain name"),
        ({"size": 8}, "size 8 must be 16 to 2048"),
        ({"size": 224.0}, "size 224.0 must be"),
        ({"size": True}, "size True must be"),
        ({"dim": 0}, "dim 0 must be 1 to 65536"),
        ({"mean": [1, 2]}, "mean (1.0, 2.0) must be 3 numbers"),
        ({"mean": "grey"}, "mean and std are lists of 3 numbers"),
        ({"mean": None}, "mean and std are lists of 3 numbers"),
        ({"mean": [0, 0, float("nan")]}, "must be 3 numbers"),
        ({"std": [1, 0, 1]}, "must be 3 numbers above 0"),
        ({"layout": "HWC"}, "layout 'HWC' must be one of NCHW, NHWC"),
        ({"modalities": "CR"}, "modalities is a list of different names"),
        ({"body_parts": ["CHEST", "CHEST"]}, "body_parts is a list of different names"),
        ({"colour": "blue"}, "unknown: colour"),
    ],
)
def test_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelUnusable) as caught:
        from_json({**GOOD, **change}, Path("mine.json"))
    assert words in str(caught.value)


def test_missing_fields_are_named() -> None:
    with pytest.raises(ModelUnusable, match=r"mine\.json: missing: dim, mean, std"):
        told = {name: GOOD[name] for name in ("name", "size", "licence", "source")}
        from_json(told, Path("mine.json"))


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]"])
def test_not_a_spec(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"spec\.json"):
        read_spec(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="there is no spec"):
        read_spec(tmp_path / "spec.json")


ANNOTATOR: dict[str, Any] = {
    **{name: value for name, value in GOOD.items() if name != "dim"},
    "kind": "annotator",
    "findings": ["Mass", "Scar"],
    "thresholds": [0.5, 0],
    "regions": [],
}


def test_an_annotator_may_have_no_regions_and_one_finding() -> None:
    spec = from_json(ANNOTATOR, Path("mine.json"))
    assert isinstance(spec, AnnotatorSpec)
    assert (spec.findings, spec.thresholds, spec.regions) == (("Mass", "Scar"), (0.5, 0.0), ())
    one = from_json({**ANNOTATOR, "findings": ["Mass"], "thresholds": [1]}, Path("mine.json"))
    assert isinstance(one, AnnotatorSpec) and one.thresholds == (1.0,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"findings": []}, "findings is a list of different names"),
        ({"findings": ["Mass", "Mass"]}, "findings is a list of different names"),
        ({"findings": "Mass"}, "findings is a list of different names"),
        ({"regions": [""]}, "regions is a list of different names"),
        ({"thresholds": [0.5]}, "thresholds are probabilities from 0 to 1, one for each finding"),
        ({"thresholds": [0.5, 1.5]}, "thresholds are probabilities"),
        ({"thresholds": [0.5, True]}, "thresholds are probabilities"),
        ({"thresholds": [0.5, float("nan")]}, "thresholds are probabilities"),
        ({"thresholds": 0.5}, "thresholds are probabilities"),
        ({"kind": "segmenter"}, "unknown: findings, thresholds"),
    ],
)
def test_an_annotator_that_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelUnusable) as caught:
        from_json({**ANNOTATOR, **change}, Path("mine.json"))
    assert words in str(caught.value)
