"""`cbir annotate` and `cbir index --annotations`: from films without words to words that find."""

import csv
import shutil
from pathlib import Path

import pytest

from tests.models.annotators.tiny import ANNOTATOR, written
from tests.retrieval.cli.running import Run

FILMS = ("Montgomery_0372.jpg", "NIH_00000766_010.jpg", "Shenzhen_0357.dcm")


@pytest.fixture
def films(examples: Path, tmp_path: Path) -> Path:
    """Three films in a folder; nobody has said anything of them."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in FILMS:
        shutil.copy(examples / "queries" / name, folder / name)
    return folder


def test_films_that_nobody_annotated_are_found_by_words(run: Run, films: Path) -> None:
    ran = run("annotate", films, "--model", "chest-lungs", "--out", "machine.csv")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("3 scans, machine-made by chest-lungs 6b3647d38913\n")
    assert "Shenzhen_0357.dcm  opacity in patient's right upper zone" in ran.out
    with Path("machine.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["path"] for row in rows] == list(FILMS)
    assert rows[0]["text"] == "opacity in patient's right lower zone"

    ran = run("index", films, "--out", "ix", "--annotations", "machine.csv", "-q")
    assert ran.code == 0, ran.err
    ran = run("query", "--text", "opacity upper zone", "--index", "ix", "--format", "json")
    assert ran.code == 0, ran.err
    first = ran.json["hits"][0]
    assert first["path"] == "Shenzhen_0357.dcm"
    assert first["findings"].startswith("opacity in patient's right upper zone")
    assert first["annotated_by"] == "chest-lungs 6b3647d38913"
    ran = run(
        "query", "--text", "lower zone", "--index", "ix", "--format", "html", "--out", "a.html"
    )
    assert ran.code == 0, ran.err
    assert "machine-made by chest-lungs 6b3647d38913" in Path("a.html").read_text()
    ran = run("query", "--text", "lower zone", "--index", "ix", "--where", "annotated_by IS NULL")
    assert "Shenzhen" not in ran.out and "Montgomery" not in ran.out


def test_as_json_with_several_models(run: Run, films: Path, tmp_path: Path) -> None:
    spec = written(ANNOTATOR, tmp_path / "model")
    (films / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no film")
    ran = run("annotate", films, "--model", f"chest-lungs,{spec}", "--format", "json", "-q")
    assert ran.code == 0, ran.err
    told = ran.json
    assert told["schema"] == 1 and len(told["annotations"]) == 3
    assert told["annotated_by"].count(";") == 1
    assert told["annotations"][0]["findings"].keys() == {"Bright", "Dark"}
    assert [reject["path"] for reject in told["rejects"]] == ["broken.png"]
    assert "diagnos" in told["disclaimer"]


def test_one_scan_without_a_file_to_write(run: Run, films: Path) -> None:
    ran = run("annotate", films / FILMS[0], "--model", "chest-lungs")
    assert ran.code == 0 and f"{FILMS[0]}  opacity" in ran.out
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--model", "mobilenetv2"), 10, "cannot annotate; what can: annotator, classifier, seg"),
        (("--model", "nobody"), 10, "there is no model 'nobody'"),
        (("--model", ","), 2, "no model was named that annotates"),
        (("--model", "chest-lungs", "--segment", "liver"), 2, "there is no segmenter 'liver'"),
    ],
)
def test_what_does_not_fit_is_said(
    run: Run, films: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    ran = run("annotate", films, *words, "--out", "machine.csv")
    assert ran.code == code and sentence in ran.sentence
    assert not Path("machine.csv").exists()


def test_a_bad_table_is_refused_before_anything_is_done(run: Run, films: Path) -> None:
    Path("machine.csv").write_text("path,text\nx,y\n")
    ran = run("index", films, "--out", "ix", "--annotations", "machine.csv")
    assert ran.code == 2 and "has no column annotated_by" in ran.sentence
    assert not Path("ix").exists()
    both = ("--annotations", "machine.csv", "--drop-annotations")
    ran = run("index", films, "--out", "ix", *both)
    assert ran.code == 2 and "--drop-annotations" in ran.sentence
