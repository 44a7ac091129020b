"""`cbir query`: what it prints where, and its settings."""

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.retrieval.cli.running import COMMAND, Run, in_process
from tests.retrieval.films import KNOWN, NOBODY

FILM = "queries/Montgomery_0372.jpg"


def test_the_answer_is_a_table_on_stdout(run: Run, examples: Path, index: Path) -> None:
    ran = run("query", examples / FILM, "--index", index, "-k", 3)
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert lines[0] == f"Query  {examples / FILM}"
    head = next(line for line in lines if line.startswith("#"))
    columns = "# label score colour edge embedding text case patient modality"
    assert head.split() == columns.split()
    assert [line[0] for line in lines if line[:1].isdigit()] == ["1", "2", "3"]
    assert lines[-1] == "Decision support for research, not for primary diagnosis."


def test_json_has_the_documented_keys(run: Run, examples: Path, index: Path) -> None:
    told = run("query", examples / FILM, "--index", index, "--format", "json", "-k", 2).json
    assert told["schema"] == 1
    assert told["index"] | {"path": "", "created": ""} == {
        "generation": 1,
        "cases": 12,
        "instances": 12,
        "encoder": "efficientnet-lite0",
        "software": "cbir 0.1.0",
        "created": "",
        "path": "",
    }
    assert told["query"]["path"] == str(examples / FILM)
    cut = "border: nothing in it at the bottom 17% (mended by crop:0,85,0,0)"
    assert told["query"]["quality"] == [cut]
    assert [hit["rank"] for hit in told["hits"]] == [1, 2]
    hit = told["hits"][0]
    assert {"case_id", "patient_id", "label", "path", "modality"} <= hit.keys()
    assert set(hit["contributions"]) == {"colour", "edge", "embedding", "text"}
    assert sum(hit["contributions"].values()) == pytest.approx(hit["score"], abs=1e-5)
    assert {"label", "probabilities", "set", "abstained", "reason"} <= told["diagnosis"].keys()
    assert sum(told["diagnosis"]["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert told["disclaimer"] == "Decision support for research, not for primary diagnosis."


def test_words_alone_need_no_scan(run: Run, index: Path) -> None:
    told = run("query", "--text", "effusion", "--index", index, "--format", "json").json
    assert told["query"]["path"] is None
    assert "Effusion" in told["hits"][0]["findings"]
    assert told["diagnosis"]["abstained"] is True
    assert told["diagnosis"]["reason"] == "words were searched for, not a scan"


def test_a_report_goes_to_a_file(run: Run, examples: Path, index: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    ran = run("query", examples / FILM, "--index", index, "--format", "html", "--out", out)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert out.read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.html"]


def test_a_pdf_goes_to_a_file_or_a_pipe(run: Run, index: Path, tmp_path: Path) -> None:
    pytest.importorskip("reportlab", reason="reportlab is not installed (the extra serve)")
    out = tmp_path / "report.pdf"
    asked = ("query", "--text", "effusion", "--index", index, "--format", "pdf")
    ran = run(*asked, "--out", out)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    piped = subprocess.run([*COMMAND, *map(str, asked)], capture_output=True, check=True).stdout
    for data in (out.read_bytes(), piped):
        assert data.startswith(b"%PDF-")
        assert data.rstrip().endswith(b"%%EOF")


def test_the_report_shows_the_film_and_every_hit_and_loads_nothing(
    run: Run, examples: Path, index: Path
) -> None:
    ran = run("query", examples / FILM, "--index", index, "--format", "html", "-k", 4)
    assert ran.out.count("data:image/jpeg;base64,/9j/") == 1 + 4
    page, films = re.subn(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", ran.out)
    assert films == 1 + 4
    for loaded in ("http:", "https:", "//", "<script", "<link", "@import", "url(", "data:image"):
        assert loaded not in page


def test_why_is_told_in_every_form(run: Run, examples: Path, index: Path) -> None:
    asked = ("query", examples / FILM, "--text", "effusion", "--index", index, "-k", 2, "--why")
    hits = run(*asked, "--format", "json").json["hits"]
    for hit in hits:
        found = hit["why"]["query_map"]
        total = sum(map(sum, found["gave"]))
        assert total == pytest.approx(hit["contributions"]["embedding"], abs=1e-4)
        assert (found["rows"], found["columns"], found["way"]) == (7, 7, "split")
        assert hit["why"]["notes"] == []
    assert "\nWhy (" in run(*asked).out
    told = run(*asked, "--format", "html").out
    assert told.count("data:image/png;base64,") >= 4
    page = re.sub(r"data:image/(jpeg|png);base64,[A-Za-z0-9+/=]+", "", told)
    for loaded in ("http:", "https:", "//", "<script", "<link", "@import", "url(", "data:image"):
        assert loaded not in page


def test_without_why_nothing_of_it_is_loaded(examples: Path, index: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from retrieval.search import Engine, Query;"
        f"engine = Engine(Path({str(index)!r}));"
        f"engine.query(Query(Path({str(examples / FILM)!r}))); engine.close();"
        "print([m for m in sys.modules if 'why' in m or m == 'models.saliency.removal'])"
    )
    done = subprocess.run([*COMMAND[:2], program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_old_file_is_replaced_where_a_link_leads(run: Run, index: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text("old")
    (tmp_path / "link.json").symlink_to(kept)
    ran = run("query", "--text", "edema", "--index", index, "--out", tmp_path / "link.json")
    assert ran.code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert kept.read_text().startswith("Query")


def test_a_pipe_is_written_to_and_stays_one(run: Run, index: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    ran = run("query", "--text", "edema", "--index", index, "--out", pipe)
    reader.join(10)
    assert ran.code == 0
    assert read[0].startswith("Query")
    assert pipe.is_fifo()


def test_a_file_that_cannot_be_written_is_named(run: Run, index: Path, tmp_path: Path) -> None:
    out = tmp_path / "none" / "a.json"
    ran = run("query", "--text", "edema", "--index", index, "--out", out)
    assert ran.code == 7
    assert ran.sentence.startswith(f"{out} cannot be written: No such file or directory")
    ran = run("query", "--text", "edema", "--index", index, "--out", tmp_path)
    assert ran.code == 2
    assert "is a directory" in ran.err
    ran = run("query", "--text", "edema", "--index", index, "--out", "")
    assert (ran.code, ran.out) == (2, "")
    assert "it is empty" in ran.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--where", "colour = 'x'"], "there is no column colour"),
        (["--where", "age <"], "a value for age (number) was expected here"),
        (["--weights", "shape=1"], "there is no descriptor 'shape'; there are: colour, edge"),
        (["--weights", "edge"], "--weights has 'edge'; it is written like colour=1,embedding=4"),
        (["--weights", "edge=many"], "--weights has 'edge=many'"),
        (["--weights", "edge=-1"], "the weight of edge is -1.0; it is a number from 0 on"),
        (["--weights", "edge=nan"], "the weight of edge is nan"),
        (["--text", "zzzz"], "none of the asked words occurs in the archive's texts"),
        (["--text", ""], "nothing was asked: give a scan, --text, or both"),
        (["--weights", "text=0"], "every descriptor that the query has is weighted 0"),
    ],
)
def test_what_does_not_fit_is_a_sentence(
    run: Run, index: Path, options: list[str], words: str
) -> None:
    ran = run("query", "--index", index, "--text", "edema", *options)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-k", "0"], "0 is not in the range 1<=x<=10000"),
        (["-k", "many"], "'many' is not a valid integer range"),
        (["--bogus"], "No such option '--bogus'"),
        (["--format", "doc"], "'doc' is not one of 'table', 'json', 'html', 'pdf'"),
        (["--format", "pdf", "--why"], "--why is shown by --format html or json"),
        (["a.jpg", "b.jpg"], "Got unexpected extra argument"),
    ],
)
def test_a_wrong_command_line_is_usage(
    run: Run, index: Path, options: list[str], words: str
) -> None:
    ran = run("query", "--index", index, "--text", "edema", *options)
    assert (ran.code, ran.out) == (2, "")
    assert words in " ".join(ran.err.split())


def test_where_limits_the_hits(run: Run, examples: Path, index: Path) -> None:
    where = "label = 'pneumonia' and age > 56"
    asked = ("query", examples / FILM, "--index", index, "--format", "json")
    told = run(*asked, "--where", where).json
    assert {(hit["label"], hit["age"]) for hit in told["hits"]} == {
        ("pneumonia", 66.0),
        ("pneumonia", 57.0),
    }
    assert told["query"]["where"] == where


def test_a_column_of_the_manifest_can_be_asked_for(run: Run, examples: Path, index: Path) -> None:
    asked = ("query", examples / FILM, "--index", index, "--format", "json")
    told = run(*asked, "--where", "ward = 'east'").json
    assert {hit["label"] for hit in told["hits"]} == {"normal"}


def test_the_patient_can_be_named(run: Run, examples: Path, archive: Path, index: Path) -> None:
    film = examples / FILM
    options = ("--index", index, "--format", "json", "-k", 20)
    told = run("query", film, "--patient", "Montgomery-0104", *options).json
    assert [hit["patient_id"] for hit in told["priors"]] == ["Montgomery-0104"]
    assert "Montgomery-0104" not in [hit["patient_id"] for hit in told["hits"]]
    told = run("query", archive / KNOWN, *options).json
    assert [hit["patient_id"] for hit in told["priors"]] == ["NIH-00000150"]


def test_a_process_prints_data_on_stdout_only(examples: Path, index: Path) -> None:
    ran = in_process("query", examples / FILM, "--index", index, "--format", "json", "-v")
    assert ran.code == 0
    assert len(ran.json["hits"]) == 5


def test_a_reader_that_has_gone_is_no_error(index: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(
            [*COMMAND, "query", "--text", "edema", "--index", str(index)],
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_stdout_is_a_sentence(index: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "query", "--text", "edema", "--index", str(index)],
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert done.stderr == b"cbir: the output: No space left on device\n"
    assert done.returncode == 7


def test_no_stdout_at_all_is_no_fault() -> None:
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "models", "list"], capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_names_that_are_no_text_do_not_break_the_answer(
    run: Run, archive: Path, index: Path, tmp_path: Path
) -> None:
    film = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b[2J.jpg")
    shutil.copy(archive / NOBODY, film)
    for form in ("table", "json", "html"):
        ran = run("query", film, "--index", index, "--format", form, "--out", "answer")
        assert (ran.code, ran.err) == (0, "")
        assert "\x1b" not in Path("answer").read_text(encoding="utf-8")
    ran = run("query", film + ".none", "--index", index)
    assert ran.code == 4
    assert "\x1b" not in ran.err


def test_an_answer_is_never_written_over_the_scan_or_into_the_index(
    run: Run, examples: Path, index: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.jpg"
    film = examples / FILM
    own.write_bytes(film.read_bytes())
    over = run("query", own, "--index", index, "--format", "json", "--out", own)
    assert (over.code, own.read_bytes()) == (2, film.read_bytes())
    assert over.sentence.endswith("is a file of the scan itself; give another name")
    into = run("query", own, "--index", index, "--out", index / "CURRENT")
    assert into.code == 2
    assert into.sentence.endswith(f"lies in {index}; give another place")


def test_more_like_a_case_and_less_like_another(run: Run, index: Path) -> None:
    words = ("query", "--index", index, "--format", "json")
    first, second = [hit["case_id"] for hit in run(*words, "--text", "effusion").json["hits"][:2]]
    told = run(*words, "--like", first, "--unlike", second, "-k", 20).json
    assert (told["query"]["like"], told["query"]["unlike"]) == ([first], [second])
    assert not {first, second} & {hit["case_id"] for hit in told["hits"]}
    shown = run("query", "--index", index, "--like", first).out.splitlines()
    assert shown[1] == f"Like  {first}"
    both = run(*words, "--like", first, "--unlike", first)
    assert (both.code, both.out) == (2, "")
    assert both.sentence.endswith("is marked both as like and as unlike")


def test_words_may_spread(run: Run, index: Path) -> None:
    told = run("query", "--index", index, "--text", "effusion", "--spread", "--format", "json").json
    assert told["query"]["spread"] is True
    assert set(told["hits"][0]["contributions"]) == {"text", "spread"}
    ran = run("query", "--index", index, "--like", "x", "--spread")
    assert ran.code == 2
