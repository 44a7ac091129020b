"""`cbir check`: what is wrong in an archive, before anything is built on it."""

import shutil
from pathlib import Path

import pytest

from tests.retrieval.cli.running import Run, contents
from tests.retrieval.films import two_films


@pytest.fixture
def films(examples: Path, tmp_path: Path) -> Path:
    """Two films, one of them twice, and a file that is none."""
    archive = two_films(examples, tmp_path / "films")
    first = next(archive.rglob("*.jpg"))
    shutil.copy(first, first.with_name("zz-copy.jpg"))
    (archive / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    return archive


def test_an_archive_is_checked_and_left_as_it_is(run: Run, films: Path) -> None:
    before = contents(films)
    ran = run("check", films, "-q")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"Archive  {films}  (2 cases, 0 patients, 2 files, 2 rejects)"
    assert "Files that were not taken: 1  [rejected]" in lines
    assert "The same file twice: 1  [same_bytes]  (a remark)" in lines
    assert contents(films) == before
    assert list(Path.cwd().iterdir()) == []


def test_as_json(run: Run, films: Path) -> None:
    ran = run("check", films, "--format", "json", "-q", "--no-labels")
    assert ran.code == 0
    assert ran.json["found"] == {"rejected": 1, "same_bytes": 1, "burned_in_text": 1}
    assert ran.json["counts"]["cases"] == 2
    assert ran.json["seconds"] > 0


def test_as_a_page(run: Run, films: Path) -> None:
    ran = run("check", films, "--out", "page.html", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    html = Path("page.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert html.count("data:image/jpeg;base64,") == 2  # the copy was not taken


def test_the_description_can_be_kept_and_checked_again(run: Run, films: Path) -> None:
    assert run("check", films, "--index", "ix", "-q").code == 0
    before = contents(Path("ix"))
    again = run("check", "--index", "ix", "--format", "json")
    assert again.json["found"] == {"rejected": 1, "same_bytes": 1, "burned_in_text": 1}
    assert contents(Path("ix")) == before
    assert run("info", "--index", "ix").code == 0


def test_progress_goes_to_stderr(run: Run, films: Path) -> None:
    ran = run("check", films)
    assert "describe: 100%" in ran.err
    assert "describe" not in ran.out


def test_labels_may_come_from_elsewhere(run: Run, films: Path) -> None:
    ran = run("check", films, "--label-from", "none", "--format", "json", "-q")
    assert ran.json["counts"]["labels"] == {}


def test_nothing_was_named(run: Run) -> None:
    ran = run("check")
    assert (ran.code, ran.sentence) == (
        2,
        "nothing to check: give an archive, --index, or both",
    )


def test_the_index_of_another_archive_is_left_alone(run: Run, films: Path, own_index: Path) -> None:
    before = contents(own_index)
    ran = run("check", films, "--index", own_index)
    assert ran.code == 2
    assert ran.sentence.startswith(f"{own_index} is the index of another archive")
    assert contents(own_index) == before


def test_an_index_for_all_commands_is_not_meant(
    run: Run, films: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBIR_INDEX", str(index))
    assert run("check", films, "-q").code == 0
    monkeypatch.setenv("CBIR_CHECK_INDEX", str(index))
    assert run("check", films, "-q").code == 2
    assert run("check", "-q").code == 0


def test_the_page_is_not_written_into_the_archive(run: Run, films: Path) -> None:
    ran = run("check", films, "--out", films / "page.html")
    assert ran.code == 2
    assert not (films / "page.html").exists()


def test_an_archive_without_a_scan(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("check", tmp_path / "empty").code == 3
    assert run("check", tmp_path / "nowhere").code == 2
    assert run("check", "--index", tmp_path / "nowhere").code == 5


def test_a_damaged_index_is_said(run: Run, own_index: Path) -> None:
    file = next(own_index.glob("gen-*/previews/*.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    ran = run("check", "--index", own_index)
    assert ran.code == 9
    assert ran.sentence.startswith(f"{file} is not what was written")


def test_volumes(run: Run, volume_index: Path) -> None:
    ran = run("check", "--index", volume_index, "--format", "json")
    assert (ran.code, ran.json["found"]) == (0, {"low_resolution": 3})
