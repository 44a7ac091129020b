"""Annotating real films and a series, in the workers."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.annotate.run import AnnotatedArchive, AnnotateOptions, annotate
from models.errors import ModelUnusable, NothingToIndex, UsageError
from tests.indexer.read.dicom_files import dicom
from tests.models.annotators.tiny import ANNOTATOR, CLASSIFIER, written
from tests.retrieval.films import series


def annotated(archive: Path, *models: str) -> AnnotatedArchive:
    return annotate(archive, AnnotateOptions(models, workers=1), lambda *_: None)


@pytest.fixture
def films(examples: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("Montgomery_0372.jpg", "Shenzhen_0357.dcm", "NIH_00000766_010.jpg"):
        shutil.copy(examples / "queries" / name, folder / name)
    return folder


def test_a_row_for_each_film(films: Path) -> None:
    found = annotated(films, "chest-lungs")
    assert [row.path for row in found.rows] == [
        *("Montgomery_0372.jpg", "NIH_00000766_010.jpg", "Shenzhen_0357.dcm")
    ]
    assert {row.annotated_by for row in found.rows} == {"chest-lungs 6b3647d38913"}
    for row in found.rows:
        content = (films / row.path).read_bytes()
        assert row.sha256 == hashlib.sha256(content).hexdigest()
        assert 0.3 < row.measurements["heart_to_chest"] < 0.6
        assert 0.05 < row.measurements["right_lung_area"] < 0.25
    # Tuberculosis of both upper zones.
    assert "opacity in patient's right upper zone" in found.rows[2].text


def test_areas_in_cm2_only_where_the_file_says_how_large_a_pixel_is(
    examples: Path, tmp_path: Path
) -> None:
    film = cv2.imread(str(examples / "queries" / "NIH_00000766_010.jpg"), cv2.IMREAD_GRAYSCALE)
    assert film is not None
    levels = film.astype(np.uint16)
    dicom(tmp_path / "film.dcm", levels, Modality="DX", PixelSpacing=[1.0, 0.8], PatientID="P")
    shutil.copy(examples / "queries" / "NIH_00000766_010.jpg", tmp_path / "film.jpg")
    told, picture = (row.measurements for row in annotated(tmp_path, "chest-lungs").rows)
    rows, columns = film.shape
    area = told["right_lung_area"] * rows * columns * 0.8 / 100
    assert told["right_lung_area_cm2"] == pytest.approx(area)
    assert 80 < told["right_lung_area_cm2"] < 400
    assert not any(name.endswith("cm2") for name in picture)
    assert picture["right_lung_area"] == pytest.approx(told["right_lung_area"], rel=0.1)


def test_an_unreadable_film_in_a_batch_is_a_reject(films: Path) -> None:
    (films / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no film")
    (films / "cut.jpg").write_bytes((films / "Montgomery_0372.jpg").read_bytes()[:3000])
    found = annotated(films, "chest-lungs")
    assert len(found.rows) == 3
    assert {reject.path for reject in found.rejects} == {"broken.png", "cut.jpg"}
    assert all(reject.code and reject.sentence for reject in found.rejects)


def test_two_models_say_what_both_have_to_say(films: Path, tmp_path: Path) -> None:
    spec = str(written(ANNOTATOR, tmp_path / "model"))
    found = annotated(films, "chest-lungs", spec)
    row = found.rows[2]
    assert row.annotated_by.startswith("chest-lungs 6b3647d38913; tiny-annotator ")
    said, alone = annotated(films, "chest-lungs").rows[2].text, annotated(films, spec).rows[2].text
    assert said.startswith("opacity in") and alone == "No Finding"
    assert row.text == said  # that one model found nothing does not go with what another found
    assert set(row.findings) == {"Bright", "Dark"}
    # Both measure lungs: then each number has its model's name.
    assert {"chest-lungs:left_to_right", "chest-lungs:right_lung_area"} <= set(row.measurements)
    assert "right_lung_area" not in row.measurements


@pytest.mark.parametrize(
    ("said", "measured"),
    [
        ({"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "PA"}, True),
        ({"Modality": "CR"}, True),
        ({"Modality": "OT", "BodyPartExamined": "whatever"}, True),
        ({"Modality": "DX", "BodyPartExamined": "CHEST", "ViewPosition": "LL"}, False),
        ({"Modality": "DX", "BodyPartExamined": "HAND"}, False),
        ({"Modality": "CT", "BodyPartExamined": "CHEST"}, False),
    ],
    ids=["chest", "film", "nothing known", "side", "hand", "ct slice"],
)
def test_lungs_are_measured_on_what_may_be_a_chest_film_from_the_front(
    examples: Path, tmp_path: Path, said: dict[str, str], measured: bool
) -> None:
    film = cv2.imread(str(examples / "queries" / "NIH_00000766_010.jpg"), cv2.IMREAD_GRAYSCALE)
    assert film is not None
    dicom(tmp_path / "film.dcm", film.astype(np.uint16), PatientID="P", **said)
    found = annotated(tmp_path, "chest-lungs")
    (row,) = found.rows
    assert bool(row.measurements) == measured
    assert measured or row.text == ""
    counted = "lungs not measured, because it is no chest film from the front: 1"
    assert (counted in found.remarks) != measured


def test_a_manifest_says_what_a_picture_is_of(films: Path) -> None:
    told = ["path,view", "Montgomery_0372.jpg,LATERAL", "NIH_00000766_010.jpg,AP"]
    (films / "cases.csv").write_text("\n".join(told) + "\n", encoding="utf-8")
    side, front = annotated(films, "chest-lungs").rows[:2]
    assert side.measurements == {} and front.measurements


def test_a_model_keeps_to_the_kind_of_film_that_it_learned_from(
    films: Path, tmp_path: Path
) -> None:
    learned = replace(CLASSIFIER, modalities=("CR",), body_parts=("CHEST",))
    spec = str(written(learned, tmp_path / "model"))
    told = [
        "path,modality,body_part",
        "Montgomery_0372.jpg,CT,CHEST",
        "NIH_00000766_010.jpg,DX,Thorax",
        "Shenzhen_0357.dcm,CR,Foot",
    ]
    (films / "cases.csv").write_text("\n".join(told) + "\n", encoding="utf-8")
    found = annotated(films, spec)
    assert [bool(row.findings) for row in found.rows] == [False, True, False]
    assert [bool(row.text) for row in found.rows] == [False, True, False]
    assert found.remarks == (
        "tiny-classifier has learned from films of CR CHEST: it says nothing of 2 scans, which are "
        "of another modality or body part",
    )


def test_a_series_is_annotated_as_one_scan(tmp_path: Path) -> None:
    archive = series(tmp_path / "archive", "a", slices=4)
    found = annotated(archive, str(written(CLASSIFIER, tmp_path / "model")), "chest-lungs")
    (row,) = found.rows
    assert set(row.findings) == {"bright", "dark"} and row.measurements == {}
    assert row.path == "a-00.dcm" and len(row.sha256) == 64


def test_a_classifier_sees_the_region_that_it_was_trained_on(films: Path, tmp_path: Path) -> None:
    from indexer.config import Config

    spec = str(written(CLASSIFIER, tmp_path / "model"))
    whole = annotated(films, spec).rows[0]
    options = AnnotateOptions((spec,), Config(segment={"": "chest_lungs"}), 1)
    inside = annotate(films, options, lambda *_: None).rows[0]
    assert whole.findings != inside.findings


def test_what_cannot_be_done(films: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model was named"):
        annotated(films)
    with pytest.raises(ModelUnusable, match="cannot annotate"):
        annotated(films, "mobilenetv2")
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(NothingToIndex, match=r"no scan of .* could be annotated; the first: x.png"):
        annotated(empty, "chest-lungs")
