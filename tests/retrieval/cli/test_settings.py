"""Where a command takes its settings from: a flag, the environment, a file."""

from pathlib import Path

import pytest

from tests.retrieval.cli.running import Run


def test_settings_are_a_flag_then_the_environment_then_the_file(
    run: Run, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("cbir.toml").write_text(f'[query]\nindex = "{index}"\nk = 1\nformat = "json"\n')
    asked = ("query", "--text", "edema pneumonia effusion")
    assert len(run(*asked).json["hits"]) == 1
    monkeypatch.setenv("CBIR_QUERY_K", "2")
    assert len(run(*asked).json["hits"]) == 2
    assert len(run(*asked, "-k", 3).json["hits"]) == 3
    monkeypatch.setenv("CBIR_QUERY_FORMAT", "table")
    assert run(*asked).out.startswith("Query")
    monkeypatch.setenv("CBIR_INDEX", "nowhere")
    assert run(*asked).sentence.startswith("there is no index nowhere")
    monkeypatch.setenv("CBIR_QUERY_INDEX", str(index))
    assert run(*asked).code == 0
    assert run(*asked, "--index", "other").sentence.startswith("there is no index other")


def test_a_version_in_the_environment_is_not_taken_for_an_option(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBIR_VERSION", "0.1.0")
    assert run("models", "list").code == 0
    assert run("--version").out.startswith("cbir 0.1.0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[query]\nkk = 1",
            "query has no setting 'kk'; there are: aggregate, coverage, format, index, k",
        ),
        (
            "[queries]\nk = 1",
            "'queries'; its tables are: annotate, audit, augment, check, describe, evaluate, gc",
        ),
        ("k = 1", "'k'; its tables are"),
        ("query = 1", "query is 1; it is a table of options"),
        ("[query", "cannot be read as TOML"),
        ("[describe]\nslices = 0", "slices is 0; it is a whole number from 1 to 4096"),
        ("[describe]\nslice = 1", "there is no setting 'slice'"),
        ('[preprocess]\nCR = ["sharpen:3"]', "there is no step 'sharpen'"),
        ('[preprocess]\nCR = "median:3"', "preprocess is a table of lists"),
        ('[segment]\nCT = "lungs"', "there is no segmenter 'lungs'"),
        ("[models.list]\nname = 1", "models.list has no setting 'name'; there are: format"),
        ("[models]\nlist = 1", "models.list is 1; it is a table of options"),
    ],
)
def test_a_wrong_settings_file_says_what_is_wrong(run: Run, text: str, words: str) -> None:
    Path("cbir.toml").write_text(text)
    ran = run("models", "list")
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.sentence


def test_a_settings_file_can_be_named(run: Run, tmp_path: Path) -> None:
    named = tmp_path / "mine.toml"
    named.write_text('[models.list]\nformat = "json"\n')
    assert run("--config", named, "models", "list").json[0]["name"] == "chest-lungs"
    assert "cannot be read" in run("--config", "none.toml", "models", "list").sentence
