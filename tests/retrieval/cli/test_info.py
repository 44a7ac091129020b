"""`cbir info` and `cbir verify`."""

import re
from pathlib import Path

import pytest

from indexer import commit
from indexer.content import content_hash
from tests.retrieval.cli.running import Run


def test_info_is_some_lines(run: Run, index: Path) -> None:
    ran = run("info", "--index", index)
    assert (ran.code, ran.err) == (0, "")
    lines = dict(re.split(r"\s+", line, maxsplit=1) for line in ran.out.splitlines())
    assert lines["index"].startswith(f"{index}, generation 1, 0.")
    assert lines["holds"] == "12 cases, 12 files, 12 instances, 11 patients, 0 rejects"
    assert lines["labels"] == "normal 4, pneumonia 4, tuberculosis 4"
    assert lines["encoder"].startswith("efficientnet-lite0 (SHA-256 ")
    assert re.fullmatch(r"colour \d+, edge \d+, embedding 1280, text 256", lines["descriptors"])
    assert lines["weights"].endswith(" (defaults)")
    assert lines["rejects"] == "none"


def test_info_as_json(run: Run, index: Path, archive: Path) -> None:
    ran = run("info", "--index", index, "--format", "json")
    told = ran.json
    assert (ran.code, ran.err) == (0, "")
    assert set(told) == {"schema", "path", "generation", "created", "software", "archive"} | {
        *("encoder", "encoder_sha256", "counts", "dims", "weights", "weights_learned"),
        *("config", "search", "rejects", "bytes"),
    }
    assert (told["schema"], told["generation"], told["archive"]) == (1, 1, str(archive))
    assert told["counts"]["labels"] == {"normal": 4, "pneumonia": 4, "tuberculosis": 4}
    assert sum(told["weights"].values()) == pytest.approx(1)
    assert told["config"]["encoder"] == "efficientnet-lite0"


def test_the_index_comes_from_the_environment(
    run: Run, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("info").code == 2
    monkeypatch.setenv("CBIR_INDEX", str(index))
    assert run("info").code == 0
    assert run("verify").code == 0
    monkeypatch.setenv("CBIR_VERIFY_INDEX", "nowhere")
    assert run("verify").sentence.startswith("there is no index nowhere")
    assert run("info").code == 0


def test_verify_counts_the_files(run: Run, index: Path) -> None:
    files = len(commit.opened(index).manifest["files"])
    ran = run("verify", "--index", index)
    assert (ran.code, ran.err) == (0, "")
    content = content_hash(commit.opened(index))
    assert ran.out == f"{index}: {files} files are as they were written\ncontent {content}\n"
    assert run("verify", "--index", index, "-q").out == ""
    told = run("verify", "--index", index, "--format", "json").json
    assert told == {
        **{"schema": 1, "index": str(index)},
        **{"generation": 1, "files": files, "content": content},
    }


@pytest.mark.parametrize(
    "name",
    [
        *("instances-00000001.parquet", "cases.parquet", "files.parquet", "rejects.parquet"),
        *("vectors.faiss", "previews/00000001.parquet", "heads/weights.json", "manifest.json"),
    ],
)
def test_a_flipped_bit_is_found_and_named(run: Run, own_index: Path, name: str) -> None:
    file = commit.opened(own_index).path / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    ran = run("verify", "--index", own_index)
    assert (ran.code, ran.out) == (9, "")
    assert ran.sentence.startswith(f"{file} is not what was written")
    ran = run("query", "--text", "edema", "--index", own_index)
    assert (ran.code, ran.out) == (9, "")
    file.unlink()
    ran = run("verify", "--index", own_index)
    assert ran.code == 9
    assert str(file) in ran.sentence


def test_a_damaged_current_is_found_and_named(run: Run, own_index: Path) -> None:
    (own_index / "CURRENT").write_text("gen-1 abc\n")
    for command in ("info", "verify"):
        ran = run(command, "--index", own_index)
        assert ran.code == 9
        assert ran.sentence.startswith(f"{own_index / 'CURRENT'} does not name a generation")
