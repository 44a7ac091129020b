"""Disks that are full or read-only: nothing half-written is left, and a sentence says so."""

import shutil
from pathlib import Path

import pytest

from tests.retrieval.cli.conftest import Disk, read_only
from tests.retrieval.cli.running import Run, contents, in_process
from tests.retrieval.films import two_films

FILM = "queries/Montgomery_0372.jpg"


def test_a_read_only_disk(run: Run, examples: Path, index: Path, disk: Disk) -> None:
    place = disk("4m")
    shutil.copytree(index, place / "ix")
    read_only(place)
    films = two_films(examples, Path("films"))
    for out in (place / "ix", place / "new"):
        ran = run("index", films, "--out", out, "-q")
        assert (ran.code, ran.out) == (7, "")
        assert ran.sentence.startswith(f"{out} cannot be written: Read-only file system")
    answer = place / "answer.html"
    ran = run("query", examples / FILM, "--index", place / "ix", "--out", answer)
    assert ran.code == 7
    assert ran.sentence.startswith(f"{answer} cannot be written: Read-only file system")
    assert run("query", examples / FILM, "--index", place / "ix").code == 0
    for command in ("preprocess", "segment"):
        ran = run(command, examples / FILM, "--out", place / "film.png")
        assert ran.code == 7
        assert "Read-only file system" in ran.sentence
    assert sorted(path.name for path in place.iterdir()) == ["ix"]


def test_a_full_disk_leaves_the_index_as_it_was(
    run: Run, archive: Path, index: Path, disk: Disk
) -> None:
    place = disk("640k")
    shutil.copytree(index, place / "ix")
    current = (place / "ix" / "CURRENT").read_text()
    before = contents(place / "ix" / current.split()[0])
    films = Path(shutil.copytree(archive, "films"))
    for film in films.rglob("*.jpg"):
        film.write_bytes(film.read_bytes() + b"\0")
    ran = run("index", films, "--out", place / "ix", "-q")
    assert (ran.code, ran.out) == (7, "")
    assert "cannot be written: the disk is full; make room" in ran.sentence
    assert (place / "ix" / "CURRENT").read_text() == current
    assert contents(place / "ix" / current.split()[0]) == before
    assert {path.name for path in (place / "ix").iterdir()} <= {
        *("CURRENT", "LOCK", "work", current.split()[0]),
    }
    assert run("verify", "--index", place / "ix").code == 0
    assert run("query", "--text", "edema", "--index", place / "ix").code == 0


def test_a_full_disk_holds_no_half_answer(
    run: Run, examples: Path, index: Path, disk: Disk
) -> None:
    place = disk("16k")
    (place / "answer.html").write_text("old")
    asked = ("query", examples / FILM, "--index", index, "--format", "html")
    ran = run(*asked, "--out", place / "answer.html")
    assert ran.code == 7
    assert "the disk is full" in ran.sentence
    ran = run("preprocess", examples / FILM, "--out", place / "film.png")
    assert ran.code == 7
    ran = run("segment", examples / FILM, "--out", place / "film.png")
    assert ran.code == 7
    assert contents(place) == {"answer.html": b"old"}


@pytest.mark.slow
def test_files_that_may_not_grow_end_a_run_with_a_sentence(archive: Path, tmp_path: Path) -> None:
    ran = in_process("index", archive, "--out", tmp_path / "ix", "-q", largest_file=50_000)
    assert (ran.code, ran.out) == (7, "")
    assert "cannot be written: File too large" in ran.sentence
    assert not (tmp_path / "ix" / "CURRENT").exists()
    assert not list((tmp_path / "ix").glob("*/*.new"))
    again = in_process("index", archive, "--out", tmp_path / "ix", "-q", "--format", "json")
    assert again.json["cases"] == 12
