"""`cbir evaluate`: how well an index finds what it should."""

from pathlib import Path

from tests.retrieval.cli.running import Run


def test_as_a_table(run: Run, index: Path) -> None:
    ran = run("evaluate", "--index", index, "-q", "-k", "1,3")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == f"Index  {index}  (generation 1, 12 cases)"
    assert lines[1].startswith("Asked  12 cases of 11 patients (normal 4, pneumonia 4, tubercul")
    heads = ["hit_rate@1", "hit_rate@3", "precision@3", "recall@3", "nDCG@3", "mAP", "MAP@R"]
    assert lines[4].split() == heads
    assert [line.split("  ")[0] for line in lines[5:13]] == [
        "cbir",
        "embedding alone",
        "colour alone",
        "edge alone",
        "text alone",
        "raw pixels",
        "constant class",
        "random",
    ]
    assert "Search it finds 1.000 of the 10 nearest that comparing all gives" in lines


def test_as_json(run: Run, index: Path, examples: Path) -> None:
    ran = run(
        "evaluate", "--index", index, "--queries", examples / "queries", "--format", "json", "-q"
    )
    assert ran.code == 0
    assert ran.json["schema"] == 1 and ran.json["by"] == "a query set"
    ours = ran.json["systems"]["cbir"]
    assert set(ours["means"]["mAP"]) == {"micro", "macro"}
    assert len(ran.json["queries"]) == ran.json["counts"]["questions"] == 11
    assert ran.json["search_recall"] == 1
    assert {row["column"] for row in ran.json["groups"]} <= {"site", "sex", "age", "view"}


def test_as_a_page(run: Run, index: Path) -> None:
    ran = run("evaluate", "--index", index, "--out", "page.html", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    html = Path("page.html").read_text(encoding="utf-8")
    assert html.startswith("<!DOCTYPE html>")
    assert html.count("<polyline") == 3 * 8
    assert html.count("data:image/jpeg;base64,") > 12
    assert "<script" not in html and "http://" not in html and "https://" not in html


def test_progress_and_trec(run: Run, index: Path) -> None:
    ran = run("evaluate", "--index", index, "--trec", "trec")
    assert ran.code == 0 and "evaluate: 100%" in ran.err
    assert sorted(path.name for path in Path("trec").iterdir()) == ["qrels.txt", "run.txt"]


def test_nothing_is_written_into_an_index(run: Run, own_index: Path) -> None:
    ran = run("evaluate", "--index", own_index, "--out", own_index / "x.html")
    assert ran.code == 2 and "lies in" in ran.sentence
    ran = run("evaluate", "--index", own_index, "--trec", own_index / "trec")
    assert ran.code == 2 and not (own_index / "trec").exists()


def test_what_cannot_be_asked(run: Run, index: Path, tmp_path: Path) -> None:
    assert run("evaluate", "--index", index, "-k", "five").code == 2
    assert run("evaluate", "--index", index, "-k", "0").code == 2
    assert run("evaluate", "--index", index, "--weights", "smell=1").code == 2
    assert run("evaluate", "--index", tmp_path / "nowhere").code == 5
    assert run("evaluate", "--index", index, "--queries", tmp_path / "nowhere").code == 2
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("evaluate", "--index", index, "--queries", empty).code == 3
