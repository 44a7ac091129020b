"""`cbir index`: what it prints where, and that an interruption loses nothing."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import pyarrow.parquet as pq
import pytest

from indexer import commit
from tests.manifests import manifest_of, write_manifest
from tests.retrieval.cli.running import COMMAND, Run, in_process
from tests.retrieval.films import KNOWN, PRIOR, two_films


@pytest.fixture
def films(examples: Path, tmp_path: Path) -> Path:
    """Two films."""
    return two_films(examples, tmp_path / "films")


def test_the_summary_and_the_progress_go_to_stderr(run: Run, films: Path) -> None:
    ran = run("index", films, "--out", "ix")
    assert (ran.code, ran.out) == (0, "")
    assert re.search(r"describe: 100%.*2/2", ran.err)
    lines = ran.err.splitlines()
    assert lines[-4] == "described 2, unchanged 0, rejected 0"
    assert lines[-3] == "note: labels are taken from folder names (2 different)"
    assert lines[-2] == "found: 1 burned_in_text (`cbir check` lists them)"
    state = r"ix: generation 1, 2 cases, 2 instances \(normal 1, pneumonia 1\), \d+\.\d s"
    assert re.fullmatch(state, lines[-1])
    ran = run("index", films, "--out", "ix")
    assert "described 0, unchanged 2, rejected 0" in ran.err
    assert "generation 1 (nothing changed)" in ran.err


def test_a_profile_tells_what_each_stage_took(run: Run, films: Path) -> None:
    ran = run("index", films, "--out", "ix", "--profile", "-q")
    assert (ran.code, ran.err) == (0, "")
    head, *rows, _, last = ran.out.splitlines()
    assert head.split("  ")[0] == "stage"
    names = [row.split()[0] for row in rows]
    assert names[:3] == ["read", "quality", "mend"]
    assert {"encode", "learn", "vectors", "commit", "workers"} <= set(names)
    assert last.split()[0] == "all"
    assert last.split()[3:5] == ["100.0%", "2"]
    ran = run("index", films, "--out", "other", "--profile", "-q", "--format", "json")
    stages = {stage["name"]: stage for stage in ran.json["stages"]}
    assert stages["encode"]["count"] == stages["read"]["count"] == 2
    assert all(stage["cpu_s"] >= 0 for stage in stages.values())


def test_json_goes_to_stdout(run: Run, films: Path) -> None:
    ran = run("index", films, "--out", "ix", "--format", "json", "-q")
    assert (ran.code, ran.err) == (0, "")
    told = ran.json
    assert told.pop("seconds") > 0
    assert told == {
        "schema": 1,
        "index": "ix",
        "generation": 1,
        "committed": True,
        "described": 2,
        "resumed": 0,
        "moved": 0,
        "unchanged": 0,
        "relabelled": 0,
        "removed": 0,
        "vanished": 0,
        "cases": 2,
        "instances": 2,
        "labels": {"normal": 1, "pneumonia": 1},
        "findings": {"burned_in_text": 1},
        "rejects": [],
        "remarks": ["labels are taken from folder names (2 different)"],
        "dry_run": False,
        "rejected": 0,
    }


def test_a_quiet_run_says_nothing(run: Run, films: Path) -> None:
    ran = run("index", films, "--out", "ix", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_dry_run_says_what_would_be_done(run: Run, films: Path) -> None:
    (films / "normal" / "note.jpg").write_text("no film")
    ran = run("index", films, "--out", "ix", "--dry-run", "-q", "--format", "json")
    assert (ran.json["described"], ran.json["rejected"], ran.json["dry_run"]) == (2, 1, True)
    ran = run("index", films, "--out", "ix", "--dry-run", "--strict")
    assert ran.code == 6
    assert ran.err.startswith("would describe 2, unchanged 0, rejected 1\n  1 x unknown_format: ")
    assert not Path("ix").exists()


def test_rejects_are_named_and_strict_makes_them_count(run: Run, films: Path) -> None:
    (films / "normal" / "note.jpg").write_text("no film")
    ran = run("index", films, "--out", "ix")
    assert ran.code == 0
    assert "described 2, unchanged 0, rejected 1" in ran.err
    wrong = "1 x unknown_format: normal/note.jpg (the content is not DICOM, NIfTI, PNG, JPEG, TIFF"
    assert wrong in ran.err
    assert run("index", films, "--out", "ix", "--strict").code == 6
    assert run("info", "--index", "ix", "--format", "json").json["rejects"] == {"unknown_format": 1}


def test_names_of_files_do_not_steer_the_terminal(run: Run, films: Path) -> None:
    (films / "normal" / "\x1b[2J.jpg").write_text("no film")
    ran = run("index", films, "--out", "ix")
    assert ran.code == 0
    assert "normal/⟨U+001B⟩[2J.jpg" in ran.err
    assert "\x1b" not in ran.err


def test_prune_takes_out_what_is_gone(run: Run, films: Path) -> None:
    run("index", films, "--out", "ix")
    (films / KNOWN).unlink()
    ran = run("index", films, "--out", "ix")
    assert "1 scans of the index have no file any more (see --prune)" in ran.err
    told = run("index", films, "--out", "ix", "--prune", "--format", "json").json
    assert (told["removed"], told["cases"], told["labels"]) == (1, 1, {"normal": 1})


@pytest.mark.slow
def test_options_come_from_the_environment_and_the_file(
    run: Run, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[index]\nout = "ix"\nlabel-from = "none"\n[describe]\nencoder = "mobilenetv2"\n'
    Path("cbir.toml").write_text(text)
    asked = ("index", films, "--format", "json", "-q")
    assert run(*asked).json["labels"] == {}
    assert run("info", "--index", "ix", "--format", "json").json["encoder"] == "mobilenetv2"
    monkeypatch.setenv("CBIR_INDEX_LABEL_FROM", "folder")
    told = run(*asked).json
    assert (told["labels"], told["relabelled"]) == ({"normal": 1, "pneumonia": 1}, 2)
    assert run(*asked, "--label-from", "none").json["labels"] == {}
    monkeypatch.setenv("CBIR_INDEX_OUT", "other")
    assert run(*asked, "--encoder", "efficientnet-lite0").json["index"] == "other"
    other = run("info", "--index", "other", "--format", "json").json
    assert other["encoder"] == "efficientnet-lite0"


def test_two_labels_for_one_patient_are_remarked_upon(
    run: Run, archive: Path, tmp_path: Path
) -> None:
    films = Path(shutil.copytree(archive, tmp_path / "films"))
    rows = [row for row in manifest_of(films) if row["path"] in (PRIOR, KNOWN)]
    for row in rows:
        row["patient_id"] = "one"
    write_manifest(films, rows)
    ran = run("index", films, "--out", "ix")
    assert ran.code == 0
    assert "note: patients with different labels (in time, or by mistake): 1" in ran.err
    for row in rows:
        row["study_id"] = "same"
    write_manifest(films, rows)
    ran = run("index", films, "--out", "ix")
    assert "note: cases with contradicting labels, taken as unlabelled: 1" in ran.err
    assert run("info", "--index", "ix", "--format", "json").json["counts"]["labels"] == {}


def test_the_same_film_twice_is_taken_once(run: Run, films: Path) -> None:
    shutil.copy(films / KNOWN, films / "pneumonia" / "again.jpg")
    told = run("index", films, "--out", "ix", "--format", "json").json
    assert told["cases"] == 2
    assert told["rejects"] == [
        {
            "path": "pneumonia/again.jpg",
            "code": "duplicate",
            "sentence": f"the same bytes as {KNOWN}",
            "source": "",
        }
    ]


@pytest.mark.slow
def test_an_interrupted_run_ends_cleanly_and_the_next_goes_on(
    examples: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ix"
    asked = ["index", str(examples / "archive"), "--out", str(out)]
    with subprocess.Popen(
        [*COMMAND, *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stderr is not None
        told = b""
        while not re.search(rb"\b[1-9]\d*/90", told):
            more = os.read(running.stderr.fileno(), 4096)
            assert more, told
            told += more
        running.send_signal(signal.SIGINT)
        data, rest = running.communicate(timeout=60)
    assert (running.returncode, data) == (130, b"")
    assert b"Traceback" not in told + rest
    assert rest.endswith(b"cbir: interrupted; the same command goes on where it stopped\n")
    assert not _workers_of(running.pid)
    assert commit.live(out) is None
    assert {path.name for path in out.iterdir()} == {"LOCK", "work"}
    again = in_process(*asked, "-q", "--format", "json").json
    assert again["resumed"] > 0
    assert again["resumed"] + again["described"] == 90
    live = commit.opened(out).path.name
    assert {path.name for path in out.iterdir()} == {"LOCK", "CURRENT", live}


def _workers_of(parent: int) -> list[str]:
    """The command lines of the processes that `parent` has started and left."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            told = path.read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if f'"parent": {parent},'.encode() in told:
            found.append(told.decode(errors="replace"))
    return found


def faulty_films(folder: Path, examples: Path) -> Path:
    """Two films as they are, and the negative of one with a white border."""
    two_films(examples, folder)
    good = next(path for path in sorted(folder.rglob("*.jpg")))
    levels = cv2.imread(str(examples / "archive/normal/Shenzhen_0085.jpg"), cv2.IMREAD_GRAYSCALE)
    assert levels is not None
    framed = cv2.copyMakeBorder(255 - levels, 0, 0, 40, 40, cv2.BORDER_CONSTANT, value=255)
    cv2.imwrite(str(good.parent / "negative.png"), framed)
    return folder


def qualities(index: Path) -> dict[str, str]:
    (part,) = index.glob("gen-*/instances-*.parquet")
    rows = pq.read_table(part, columns=["path", "quality"]).to_pylist()
    return {Path(row["path"]).name: row["quality"] for row in rows}


def test_what_is_mended_is_recorded_and_can_be_turned_off(
    run: Run, examples: Path, tmp_path: Path
) -> None:
    films = faulty_films(tmp_path / "faulty", examples)
    assert run("index", films, "--out", "mended").code == 0
    told = qualities(Path("mended"))["negative.png"]
    assert told.startswith("border: nothing in it at the left 7%, right 7% (mended by crop:0,0,40,")
    assert told.endswith("; inverted: bright where a chest film is dark (mended by invert)")
    assert run("index", films, "--out", "as-it-is", "--no-mend").code == 0
    told = qualities(Path("as-it-is"))["negative.png"]
    assert told.split("; ") == [
        "border: nothing in it at the left 7%, right 7%",
        "inverted: bright where a chest film is dark",
    ]
    ran = run("index", films, "--out", "mended", "--no-mend")
    assert "described 3, unchanged 0" in ran.err


def test_a_query_is_mended_as_its_index_was(run: Run, examples: Path, tmp_path: Path) -> None:
    films = faulty_films(tmp_path / "faulty", examples)
    good = next(path for path in sorted(films.rglob("*.jpg")))
    negative = cv2.imread(str(good), cv2.IMREAD_GRAYSCALE)
    assert negative is not None
    cv2.imwrite("query.png", 255 - negative)
    scores = {}
    for name, more in (("mended", ()), ("as-it-is", ("--no-mend",))):
        assert run("index", films, "--out", name, *more).code == 0
        told = run("query", "query.png", "--index", name, "--format", "json").json
        hit = next(hit for hit in told["hits"] if Path(hit["path"]).name == good.name)
        scores[name] = hit["score"]
        assert any("inverted: " in text for text in told["query"]["quality"])
    assert scores["mended"] > 0.99
    assert scores["as-it-is"] < 0.9


@pytest.mark.parametrize(("given", "expected"), [(None, "passive"), ("active", "active")])
def test_waiting_threads_do_not_spin_unless_they_are_told_to(
    given: str | None, expected: str
) -> None:
    """Before anything has loaded the OpenMP runtime, which looks once."""
    program = """
import os, sys
import retrieval.cli
def seen(command):
    print(os.environ["OMP_WAIT_POLICY"], any("gomp" in line for line in open("/proc/self/maps")))
    return 0
retrieval.cli.guarded = seen
retrieval.cli.main()
"""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    environment |= {"OMP_WAIT_POLICY": given} if given else {}
    command = [sys.executable, "-u", "-c", program]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.stdout == f"{expected} False\n", ran.stderr
