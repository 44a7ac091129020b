"""Bad input: a sentence and the documented exit code, never a traceback, nothing half-written."""

import fcntl
import hashlib
import json
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from indexer import commit
from tests.retrieval.cli.running import Run, contents
from tests.retrieval.films import KNOWN, NOBODY, series, two_films

FILM = "queries/Montgomery_0372.jpg"


def huge_png() -> bytes:
    """A picture that says that it has 100,000 x 100,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def half(file: Path) -> bytes:
    return file.read_bytes()[: file.stat().st_size // 2]


BAD: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "empty.jpg": (lambda examples: b"", "the file has no bytes"),
    "half.jpg": (lambda examples: half(examples / FILM), "the file ends before its pixels do"),
    "half.dcm": (
        lambda examples: half(examples / "queries" / "Montgomery_0006.dcm"),
        "the file ends before its pixels do",
    ),
    "text.png": (lambda examples: b"this is no film", "the content is not DICOM, NIfTI, PNG"),
    "huge.png": (lambda examples: huge_png(), "the scan is larger than the limit for one scan"),
    "report.pdf": (lambda examples: b"%PDF-1.7\n" + bytes(300), "the content is not DICOM"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_scan_that_cannot_be_read(run: Run, examples: Path, index: Path, name: str) -> None:
    make, words = BAD[name]
    Path(name).write_bytes(make(examples))
    Path("answer.json").write_text("old")
    ran = run("query", name, "--index", index, "--format", "json", "--out", "answer.json")
    assert (ran.code, ran.out) == (4, "")
    assert ran.sentence.startswith(f"{name}: {words}")
    assert Path("answer.json").read_text() == "old"
    assert set(contents(Path())) == {name, "answer.json"}


def test_an_archive_of_nothing_but_such_files(run: Run, examples: Path) -> None:
    Path("films").mkdir()
    for name, (make, _) in BAD.items():
        (Path("films") / name).write_bytes(make(examples))
    ran = run("index", "films", "--out", "ix", "-q")
    assert (ran.code, ran.out) == (3, "")
    assert ran.sentence == (
        "none of the 6 files of films could be taken; the first: empty.jpg: the file has no bytes"
    )
    assert set(contents(Path("ix"))) == {"LOCK"}
    assert run("query", "--text", "edema", "--index", "ix").code == 5


def test_such_files_among_good_ones_are_named(run: Run, examples: Path) -> None:
    two_films(examples, Path("films"))
    for name, (make, _) in BAD.items():
        (Path("films") / name).write_bytes(make(examples))
    told = run("index", "films", "--out", "ix", "--format", "json", "-q", "--strict")
    assert told.code == 6
    assert {reject["path"]: reject["code"] for reject in told.json["rejects"]} == {
        "empty.jpg": "empty",
        "half.jpg": "truncated",
        "half.dcm": "truncated",
        "text.png": "unknown_format",
        "huge.png": "too_large",
        "report.pdf": "unknown_format",
    }
    assert told.json["cases"] == 2


def test_a_wrong_extension_does_not_matter(run: Run, examples: Path, index: Path) -> None:
    shutil.copy(examples / "queries" / "Montgomery_0006.dcm", "film.jpg")
    ran = run("query", "film.jpg", "--index", index, "--format", "json")
    assert (ran.code, ran.json["query"]["modality"]) == (0, "CR")


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        ("none.jpg", "there is no file or folder none.jpg"),
        ("file/film.jpg", "there is no file or folder file/film.jpg"),
        ("folder", "the folder folder cannot be asked about: it holds no DICOM, NIfTI or picture"),
        ("/dev/null", "/dev/null: this is a folder or a device, not a file"),
        ("a" * 300, f"{'a' * 300} cannot be opened: File name too long"),
    ],
)
def test_a_scan_that_is_not_there(run: Run, index: Path, scan: str, words: str) -> None:
    Path("file").write_text("")
    Path("folder").mkdir()
    (Path("folder") / "notes.txt").write_text("no film")
    ran = run("query", scan, "--index", index)
    assert (ran.code, ran.out) == (4, "")
    assert ran.sentence == words


def test_a_file_that_may_not_be_opened(run: Run, examples: Path, index: Path) -> None:
    shutil.copy(examples / FILM, "film.jpg")
    Path("film.jpg").chmod(0)
    if os.access("film.jpg", os.R_OK):
        pytest.skip("this user may read everything")
    ran = run("query", "film.jpg", "--index", index)
    assert ran.code == 4
    assert ran.sentence.startswith("film.jpg: the file may not be opened by this user")


def test_two_series_in_a_folder_are_not_one_scan(run: Run, volume_index: Path) -> None:
    series(Path("both"), "a", seed=0)
    series(Path("both"), "b", seed=1)
    ran = run("query", "both", "--index", volume_index)
    assert (ran.code, ran.out) == (4, "")
    assert ran.sentence.startswith("both: the files are not slices of one volume")


def test_pictures_in_a_folder_are_not_one_scan(run: Run, examples: Path, index: Path) -> None:
    ran = run("query", examples / "archive" / "normal", "--index", index)
    assert ran.code == 4
    assert "the files are not slices of one volume" in ran.sentence


@pytest.mark.parametrize("command", ["query", "info", "verify"])
def test_an_index_that_is_not_there(run: Run, command: str) -> None:
    words = ["--text", "edema"] if command == "query" else []
    ran = run(command, *words, "--index", "none")
    assert (ran.code, ran.out) == (5, "")
    assert ran.sentence == "there is no index none; build one with `cbir index ARCHIVE --out`"
    Path("folder").mkdir()
    ran = run(command, *words, "--index", "folder")
    assert ran.code == 5
    assert ran.sentence.startswith("folder holds no index (no CURRENT)")


def rewrite(index: Path, **changes: Any) -> None:
    """Changes the manifest as another version, or another machine, would have written it."""
    generation = commit.opened(index)
    told = json.dumps({**generation.manifest, **changes}).encode()
    (generation.path / "manifest.json").write_bytes(told)
    digest = hashlib.sha256(told).hexdigest()
    (index / "CURRENT").write_text(f"{generation.path.name} {digest}\n")


def test_an_index_of_another_schema(run: Run, archive: Path, own_index: Path) -> None:
    rewrite(own_index, schema=99)
    for asked in (["info"], ["verify"], ["query", "--text", "edema"]):
        ran = run(*asked, "--index", own_index)
        assert ran.code == 5
        assert ran.sentence.startswith(f"{own_index} is of schema 99, this version reads 2; ")
    assert run("index", archive, "--out", own_index).code == 5
    assert run("index", archive, "--out", own_index, "--no-resume", "-q").code == 0
    assert run("verify", "--index", own_index).code == 0


def test_an_index_of_another_encoder(run: Run, examples: Path, own_index: Path) -> None:
    encoder = commit.opened(own_index).manifest["encoder"]
    rewrite(own_index, encoder={**encoder, "sha256": "0" * 64})
    ran = run("query", examples / FILM, "--index", own_index)
    assert (ran.code, ran.out) == (5, "")
    assert "was built with the encoder efficientnet-lite0 (000000000000)" in ran.sentence


def test_an_index_that_was_described_otherwise(run: Run, examples: Path, own_index: Path) -> None:
    rewrite(own_index, identity="0" * 64, software="cbir 9.9")
    ran = run("query", examples / FILM, "--index", own_index)
    assert (ran.code, ran.out) == (5, "")
    assert "was built by cbir 9.9, which described scans in another way" in ran.sentence
    assert run("query", "--text", "edema", "--index", own_index).code == 0


def test_a_damaged_index_can_be_built_again(run: Run, archive: Path, own_index: Path) -> None:
    (own_index / "CURRENT").write_text("nonsense")
    assert run("index", archive, "--out", own_index, "-q").code == 9
    assert run("index", archive, "--out", own_index, "-q", "--no-resume").code == 0
    assert run("verify", "--index", own_index).code == 0


def test_an_index_that_another_process_writes(run: Run, archive: Path, own_index: Path) -> None:
    before = contents(own_index)
    with (own_index / "LOCK").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = run("index", archive, "--out", own_index, "-q")
        assert (ran.code, ran.out) == (8, "")
        assert ran.sentence == f"{own_index} is being written by another process; try later"
        assert run("query", "--text", "edema", "--index", own_index).code == 0
    assert contents(own_index) == before


@pytest.mark.parametrize("given", ["none", "none/cases.csv", ""])
def test_an_archive_that_is_not_there(run: Run, given: str) -> None:
    ran = run("index", given, "--out", "ix")
    assert (ran.code, ran.out) == (2, "")
    assert "Traceback" not in ran.err
    assert not Path("ix").exists()


def test_an_empty_archive(run: Run) -> None:
    Path("films").mkdir()
    ran = run("index", "films", "--out", "ix")
    assert ran.code == 3
    assert ran.sentence.startswith("films holds no scan; give a folder with DICOM, NIfTI")
    assert not Path("ix").exists()


def test_a_folder_of_other_things_does_not_become_an_index(run: Run, examples: Path) -> None:
    two_films(examples, Path("films"))
    (Path("films") / "work" / "0123").mkdir(parents=True)
    (Path("films") / "work" / "0123" / "note").write_text("mine")
    before = contents(Path("films"))
    ran = run("index", "films", "--out", "films")
    assert ran.code == 2
    assert ran.sentence.startswith("films holds other things than an index (normal); give a")
    assert contents(Path("films")) == before


def test_what_lies_beside_the_parts_of_an_index_stays(run: Run, examples: Path) -> None:
    two_films(examples, Path("films"))
    (Path("ix") / "work" / "mine").mkdir(parents=True)
    (Path("ix") / "work" / "mine" / "note").write_text("mine")
    assert run("index", "films", "--out", "ix", "-q").code == 0
    assert (Path("ix") / "work" / "mine" / "note").read_text() == "mine"


@pytest.mark.parametrize("out", ["file/ix", "/proc/ix", "/dev/null"])
def test_a_place_where_no_folder_can_be(run: Run, examples: Path, out: str) -> None:
    Path("file").write_text("")
    two_films(examples, Path("films"))
    ran = run("index", "films", "--out", out, "-q")
    assert (ran.code, ran.out) == (7, "")
    assert ran.sentence.startswith(f"{out} cannot be written: ")


def test_a_film_of_nobody_is_no_bad_input(run: Run, archive: Path, index: Path) -> None:
    told = run("query", archive / NOBODY, "--index", index, "--format", "json").json
    assert [hit["path"] for hit in told["priors"]] == [NOBODY]
    assert told["remarks"] == [
        "the query names no patient, so a study of the same patient may be among the hits"
    ]
    told = run("query", archive / KNOWN, "--index", index, "--format", "json").json
    assert told["remarks"] == []
