"""Each way of annotating, on networks whose answers one can work out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.annotators import TABLE, Annotation, Taken, load
from models.annotators.network import OpenVinoAnnotator
from models.arrays import ByteImage
from models.errors import ModelUnusable
from models.runtime import AnnotatorSpec, ModelSpec
from models.runtime.registry import add
from tests.models.annotators.tiny import ANNOTATOR, CLASSIFIER, SEGMENTER, SIZE, written

TAKEN = Taken((64, 64), (5.0, 5.0))


def squares(*greys: int) -> ByteImage:
    return np.stack([np.full((SIZE, SIZE, 3), grey, np.uint8) for grey in greys])


def film() -> ByteImage:
    """Two dark lungs on white; the right one of the patient has half the height."""
    picture = np.full((1, SIZE, SIZE, 3), 255, np.uint8)
    picture[:, 12:24, 5:13] = 0
    picture[:, 4:28, 19:27] = 0
    return picture


def test_a_classifier_s_label_is_said_where_it_outweighs_all_others(tmp_path: Path) -> None:
    annotator = load(str(written(CLASSIFIER, tmp_path)))
    told = annotator.annotate(squares(255), TAKEN)
    assert told.text == "bright" and told.measurements == {}
    assert told.findings == pytest.approx({"bright": 1.0, "dark": 0.0}, abs=1e-6)
    even = annotator.annotate(squares(255, 0), TAKEN)  # two slices that contradict each other
    assert even.text == "" and even.findings == pytest.approx({"bright": 0.5, "dark": 0.5})
    assert annotator.sees == "region"


def test_a_segmenter_s_masks_are_measured(tmp_path: Path) -> None:
    annotator = load(str(written(SEGMENTER, tmp_path)))
    told = annotator.annotate(film(), TAKEN)
    assert told.findings == {} and annotator.sees == "whole"
    assert told.measurements["left_to_right"] == pytest.approx(2.0)
    assert told.measurements["right_lung_area"] == pytest.approx(96 / 1024)
    assert told.measurements["right_lung_area_cm2"] == pytest.approx(96 / 1024 * 32 * 32)
    assert told.text.startswith("patient's right lung small")
    assert annotator.annotate(squares(255), TAKEN).text == "lungs not found"
    assert annotator.annotate(squares(0, 0), TAKEN).text == ""  # slices are no film
    side = replace(TAKEN, may_be_frontal_chest=False)
    assert annotator.annotate(film(), side) == Annotation()


def test_a_joint_network_says_what_reaches_its_threshold(tmp_path: Path) -> None:
    annotator = load(str(written(ANNOTATOR, tmp_path)))
    assert annotator.annotate(squares(0), TAKEN).text == "Dark"
    assert annotator.annotate(squares(255), TAKEN).text == "Bright"
    # At a grey of 144 the logit of Bright is 1.3, its probability .79: below .9; Dark's is .21.
    told = annotator.annotate(squares(144), TAKEN)
    assert told.text == "No Finding"
    assert told.findings == pytest.approx({"Bright": 0.785, "Dark": 0.215}, abs=0.003)
    assert annotator.annotate(film(), TAKEN).measurements["left_to_right"] == pytest.approx(2.0)


def test_a_joint_network_without_masks(tmp_path: Path) -> None:
    spec = replace(ANNOTATOR, regions=())
    with pytest.raises(ModelUnusable, match=r"gives \[\(2,\), \(1, 32, 32\)\] a picture"):
        load(str(written(spec, tmp_path)))


def test_a_network_that_is_not_what_its_spec_says(tmp_path: Path) -> None:
    spec = replace(ANNOTATOR, findings=("Bright",), thresholds=(0.5,))
    with pytest.raises(ModelUnusable, match="its spec says"):
        OpenVinoAnnotator.load(str(written(spec, tmp_path)))


def test_an_encoder_cannot_annotate() -> None:
    with pytest.raises(ModelUnusable, match="kind 'encoder', which cannot annotate; what can: ann"):
        load("mobilenetv2")
    with pytest.raises(ModelUnusable, match="there is no model 'nobody'"):
        load("nobody")


def test_a_segmenter_of_something_else_cannot_annotate(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"finds liver; what is measured here is .* 'lungs'"):
        load(str(written(replace(SEGMENTER, regions=("liver",)), tmp_path)))


def test_an_annotator_is_added_and_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBIR_MODELS", str(tmp_path / "models"))
    spec = written(ANNOTATOR, tmp_path / "run")
    added = add(spec.with_suffix(".onnx"), spec)
    assert isinstance(added, AnnotatorSpec) and added.findings == ("Bright", "Dark")
    assert load("tiny-annotator").annotate(squares(0), TAKEN).text == "Dark"
    with pytest.raises(ModelUnusable, match="is of the kind 'annotator'"):
        from models.classifiers.onnx import OpenVinoClassifier

        OpenVinoClassifier.load("tiny-annotator")


def test_every_kind_of_the_table_annotates(tmp_path: Path) -> None:
    specs: tuple[ModelSpec, ...] = (CLASSIFIER, ANNOTATOR, SEGMENTER)
    assert sorted(spec.kind for spec in specs) == sorted(TABLE)
    for spec in specs:
        told = load(str(written(spec, tmp_path / spec.kind))).annotate(film(), TAKEN)
        assert told.text and (told.findings or told.measurements)
