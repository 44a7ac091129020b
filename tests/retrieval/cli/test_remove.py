"""`cbir remove`, `cbir gc` and `cbir migrate`."""

import shutil
from pathlib import Path

import pytest

from indexer import commit, readers
from tests.conftest import ROOT
from tests.retrieval.cli.running import Run
from tests.retrieval.films import PRIOR

WHO = "Montgomery-0006"  # of the film PRIOR


def test_a_patient_is_removed_and_is_not_named(run: Run, own_index: Path, archive: Path) -> None:
    would = run("remove", "--index", own_index, "--patient", WHO, "--dry-run")
    assert (would.code, would.out) == (0, "")
    assert would.err == "would remove 1 scans of 1 cases (1 files)\n"
    ran = run("remove", "--index", own_index, "--patient", WHO, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json
    assert (told["generation"], told["scans"], told["left"], told["pending"]) == (2, 1, 11, False)
    assert WHO not in ran.out
    again = run("remove", "--index", own_index, "--patient", WHO)
    assert again.code == 2
    assert again.sentence == f"{own_index} holds nothing of what is to be removed"
    index = run("index", archive, "--out", own_index)
    assert "files left out, since they were removed: 1 (--take-back" in index.err
    back = run("index", archive, "--out", own_index, "--take-back", "--format", "json")
    assert (back.json["cases"], back.json["described"]) == (12, 1)


def test_several_are_removed_at_once(run: Run, own_index: Path) -> None:
    ran = run("remove", "--index", own_index, "--path", PRIOR, "--path", "pneumonia")
    assert ran.code == 0
    assert ran.err.splitlines()[0] == "removed 5 scans of 5 cases (5 files)"
    assert run("verify", "--index", own_index).code == 0


@pytest.mark.parametrize("words", [[], ["--patient", ""], ["--case", " "], ["--patient", "nobody"]])
def test_what_means_nothing_is_refused(run: Run, own_index: Path, words: list[str]) -> None:
    assert run("remove", "--index", own_index, *words).code == 2
    assert commit.opened(own_index).number == 1


def test_while_a_reader_holds_it_a_removal_is_pending(run: Run, own_index: Path) -> None:
    held = readers.hold(commit.opened(own_index))
    ran = run("remove", "--index", own_index, "--patient", WHO)
    assert ran.code == 8
    assert "generation 1 still holds what was removed, and a reader has it open" in ran.err
    assert run("gc", "--index", own_index).code == 8
    readers.let_go(held)
    ran = run("gc", "--index", own_index)
    assert (ran.code, ran.err) == (0, "generations: removed 1, held by readers 0, kept 0\n")


def test_old_generations_are_collected(run: Run, own_index: Path, archive: Path) -> None:
    films = Path(shutil.copytree(archive, "films"))
    (films / PRIOR).write_bytes((films / PRIOR).read_bytes() + b"\0")
    assert run("index", films, "--out", own_index, "-q").code == 0
    told = run("gc", "--index", own_index, "--format", "json").json
    assert (told["removed"], told["kept"]) == ([], [1])
    told = run("gc", "--index", own_index, "--keep-for", "0s", "--format", "json").json
    assert told == {"schema": 1, "removed": [1], "held": [], "kept": [], "erasing": []}
    assert run("gc", "--index", own_index, "--keep-for", "soon").code == 2
    assert run("gc", "--index", "none").code == 5


def test_an_index_of_an_earlier_schema(run: Run) -> None:
    index = Path(shutil.copytree(ROOT / "tests/data/indexes/schema-1", "ix"))
    ran = run("info", "--index", index)
    assert (ran.code, "cbir migrate --index ix" in ran.sentence) == (5, True)
    ran = run("migrate", "--index", index)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"ix: schema 1 became {commit.SCHEMA}, generation 2\n"
    assert run("verify", "--index", index).code == 0
    assert run("migrate", "--index", index).err == f"ix is of schema {commit.SCHEMA} already\n"
