"""What the next generation holds when series change, on real files."""

import json
from pathlib import Path

import pytest

from indexer import commit
from indexer.pipeline import Options, build
from indexer.store import Store
from retrieval.inspect import verified
from tests.retrieval.films import KNOWN, PRIOR, series, two_films


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two CT series of six slices, the first without its first slice."""
    folder = tmp_path / "archive"
    series(folder / "a", "a", seed=0)
    series(folder / "b", "b", seed=1)
    (folder / "a" / "a-00.dcm").rename(tmp_path / "a-00.dcm")
    return folder


def instances(index: Path) -> dict[str, int]:
    """How many instances each source has."""
    sources = Store(commit.opened(index).path).facts().column("source").to_pylist()
    return {source: sources.count(source) for source in dict.fromkeys(sources)}


@pytest.mark.slow
def test_a_series_with_a_new_first_slice_is_one_case_not_two(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    assert instances(tmp_path / "ix") == {"a/a-01.dcm": 5, "b/b-00.dcm": 6}
    (tmp_path / "a-00.dcm").rename(archive / "a" / "a-00.dcm")
    summary = build(archive, tmp_path / "ix")
    assert (summary.described, summary.unchanged, summary.vanished) == (1, 1, 0)
    assert (summary.cases, summary.removed) == (2, 1)
    assert instances(tmp_path / "ix") == {"b/b-00.dcm": 6, "a/a-00.dcm": 6}
    again = build(archive, tmp_path / "ix")
    assert (again.committed, again.unchanged) == (False, 2)


def test_a_series_without_its_first_slice_is_one_case_not_two(
    archive: Path, tmp_path: Path
) -> None:
    build(archive, tmp_path / "ix")
    (archive / "a" / "a-01.dcm").unlink()
    summary = build(archive, tmp_path / "ix")
    assert (summary.described, summary.vanished, summary.cases) == (1, 0, 2)
    assert instances(tmp_path / "ix") == {"b/b-00.dcm": 6, "a/a-02.dcm": 4}
    assert not build(archive, tmp_path / "ix").committed


def test_a_slice_that_becomes_unreadable_is_missed_by_name(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    slices = sorted((archive / "b").iterdir())
    slices[3].write_bytes(slices[3].read_bytes()[:-3000])
    summary = build(archive, tmp_path / "ix")
    told = [(reject.path, reject.code) for reject in summary.rejects]
    assert told == [("b/b-03.dcm", "truncated")]
    assert instances(tmp_path / "ix") == {"a/a-01.dcm": 5, "b/b-00.dcm": 5}


@pytest.fixture
def films(examples: Path, tmp_path: Path) -> Path:
    """Two films in folders named by their labels."""
    return two_films(examples, tmp_path / "films")


def test_a_film_that_moved_to_another_folder_has_its_new_label_only(
    films: Path, tmp_path: Path
) -> None:
    build(films, tmp_path / "ix")
    (films / PRIOR).rename(films / "pneumonia" / "moved.jpg")
    summary = build(films, tmp_path / "ix")
    assert (summary.described, summary.moved) == (0, 1)
    assert (summary.removed, summary.vanished, summary.resumed) == (1, 0, 0)
    assert (summary.cases, summary.labels) == (2, {"pneumonia": 2})
    anew = tmp_path / "anew"
    build(films, anew)
    assert verified(anew).content == verified(tmp_path / "ix").content
    assert set(instances(tmp_path / "ix")) == {KNOWN, "pneumonia/moved.jpg"}
    assert not build(films, tmp_path / "ix").committed


def test_films_that_changed_their_names_are_described_again(films: Path, tmp_path: Path) -> None:
    build(films, tmp_path / "ix")
    before = previews(tmp_path / "ix")
    (films / PRIOR).rename(films / "between")
    (films / KNOWN).rename(films / PRIOR)
    (films / "between").rename(films / KNOWN)
    summary = build(films, tmp_path / "ix")
    assert (summary.described, summary.rejected, summary.cases) == (2, 0, 2)
    assert previews(tmp_path / "ix") == {PRIOR: before[KNOWN], KNOWN: before[PRIOR]}


def previews(index: Path) -> dict[str, bytes]:
    store = Store(commit.opened(index).path)
    found = store.preview(range(len(store.facts())))
    return {path: found[row] for row, path in enumerate(store.facts().column("path").to_pylist())}


def test_words_are_learned_again_when_something_is_taken_out(archive: Path, tmp_path: Path) -> None:
    films = archive / "a"
    (archive / "cases.csv").write_text(
        "path,findings\n"
        + "".join(f"a/{film.name},word{film.stem[-1]} finding\n" for film in films.iterdir())
        + "b,secretword finding\n"
    )
    build(archive, tmp_path / "ix")
    assert "secretword" in vocabulary(tmp_path / "ix")
    rows = (archive / "cases.csv").read_text().splitlines()[:-1]
    (archive / "cases.csv").write_text("\n".join(rows) + "\n")
    build(archive, tmp_path / "ix")
    assert "secretword" in vocabulary(tmp_path / "ix")
    assert build(archive, tmp_path / "ix", Options(prune=True)).removed == 1
    assert "secretword" not in vocabulary(tmp_path / "ix")


def vocabulary(index: Path) -> str:
    folder = commit.opened(index).path / "heads"
    return json.dumps(json.loads((folder / "text.json").read_text()))
