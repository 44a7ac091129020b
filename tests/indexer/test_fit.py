"""What is fitted on an archive: on labelled cases only, and read back as it was."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from threadpoolctl import threadpool_info

from indexer import fit, store
from indexer.fit import (
    Heads,
    evidence_of,
    fit_on,
    fit_text,
    read_heads,
    seen_cases,
    with_text,
    write_heads,
)
from indexer.store import block_column
from models.errors import IndexDamaged
from models.heads import combined
from models.heads.combined import CombinedHead
from models.heads.fusion import DEFAULT_WEIGHTS, FusionWeights
from models.heads.neighbours import NeighbourVote
from models.runtime.members import NO_MEMBER

DIMS = {"colour": 4, "edge": 4, "embedding": 8, "text": 4}


def generation(folder: Path, labels: Sequence[str | None], telling: str = "edge") -> pa.Table:
    """Instances in which one descriptor tells the label and the others tell nothing; the cases."""
    noise = np.random.default_rng(0)
    table = pa.table({"instance_id": [str(n) for n in range(len(labels))]})
    for name in ("colour", "edge", "embedding"):
        numbers = noise.standard_normal((len(labels), DIMS[name]))
        if name == telling:
            for row, label in enumerate(labels):
                numbers[row] = 0.2 * numbers[row] + (3 if label == "a" else -3)
        numbers /= np.linalg.norm(numbers, axis=1, keepdims=True)
        table = table.append_column(name, block_column(numbers.astype(np.float32)))
    half = len(labels) // 2
    store.write(table.slice(0, half), folder / "instances-00000001.parquet")
    store.write(table.slice(half), folder / "instances-00000002.parquet")
    rows = [
        {"label": label, "patient_id": f"p{row}", "middle_row": row}
        for row, label in enumerate(labels)
    ]
    schema = pa.schema(
        [("label", pa.string()), ("patient_id", pa.string()), ("middle_row", pa.int64())]
    )
    return pa.Table.from_pylist(rows, schema)


def test_the_descriptor_that_tells_labels_apart_counts_most(tmp_path: Path) -> None:
    cases = generation(tmp_path, ["a", "b"] * 20)
    fusion, head, _ = fit_on(tmp_path, cases, DIMS)
    assert fusion.learned
    assert fusion.weights["edge"] > DEFAULT_WEIGHTS["edge"]
    assert fusion.weights["edge"] == max(fusion.weights[n] for n in ("colour", "edge", "embedding"))
    assert fusion.weights["text"] == DEFAULT_WEIGHTS["text"]
    assert sum(fusion.weights.values()) == pytest.approx(1)
    assert head.shares == pytest.approx({"a": 0.5, "b": 0.5}, abs=0.05)


def test_unlabelled_cases_are_not_looked_at(tmp_path: Path) -> None:
    labels: list[str | None] = ["a", "b", None, "", "a", "b"]
    _, head, _ = fit_on(tmp_path, generation(tmp_path, labels), DIMS)
    assert set(head.classes) == {"a", "b"}


@pytest.mark.parametrize("labels", [[None, None], ["a", None], ["a"] * 30])
def test_without_anything_to_learn_the_defaults_stay(
    tmp_path: Path, labels: list[str | None]
) -> None:
    fusion, head, _ = fit_on(tmp_path, generation(tmp_path, labels), DIMS)
    assert not fusion.learned
    assert fusion.weights == pytest.approx(DEFAULT_WEIGHTS)
    assert set(head.classes) == {label for label in labels if label}


def test_a_large_archive_is_learned_from_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = generation(tmp_path, ["a", "b"] * 40 + ["c"])
    assert len(evidence_of(tmp_path, cases, DIMS, np.ones(81, bool)).labels) == 81
    monkeypatch.setattr(fit, "CASES_LOOKED_AT", 30)
    assert 20 <= len(evidence_of(tmp_path, cases, DIMS, np.ones(81, bool)).labels) <= 30
    fusion, head, _ = fit_on(tmp_path, cases, DIMS)
    assert fusion.weights["edge"] > DEFAULT_WEIGHTS["edge"]
    assert set(head.classes) == {"a", "b", "c"}  # known, though perhaps not looked at


def seen_archive(folder: Path) -> pa.Table:
    """60 cases of 30 patients, two files each; the table of the files is written too."""
    generation(folder, ["a", "b"] * 30)
    rows, files, instances = [], [], []
    for row in range(60):
        rows.append(
            {
                "case_id": f"c{row}",
                "label": "ab"[row % 2],
                "patient_id": "" if row == 59 else f"p{row // 2}",
                "middle_row": row,
            }
        )
        for part in "xy":
            files.append(
                {"source": f"s{row}", "path": f"{row}{part}", "sha256": f"{row:063d}{part}"}
            )
        instances.append({"case_id": f"c{row}", "source": f"s{row}"})
    store.write(pa.Table.from_pylist(files), folder / "files.parquet")
    for name, some in (("00000001", instances[:30]), ("00000002", instances[30:])):
        path = folder / f"instances-{name}.parquet"
        table = store.read(path)
        for column in ("case_id", "source"):
            table = table.append_column(column, pa.array([one[column] for one in some]))
        store.write(table, path)
    return pa.Table.from_pylist(rows)


def test_what_is_fitted_keeps_to_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    whole = combined.fit

    def looked_at(*given: Any) -> CombinedHead:
        counts.extend(
            pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"
        )
        return whole(*given)

    monkeypatch.setattr(combined, "fit", looked_at)
    fit_on(tmp_path, generation(tmp_path, ["a", "b"] * 15), DIMS)
    assert counts and set(counts) == {1}


def test_a_patient_with_a_file_that_the_encoder_was_trained_on_has_been_seen(
    tmp_path: Path,
) -> None:
    cases = seen_archive(tmp_path)
    kept = store.Store(tmp_path)
    listed = dict.fromkeys((f"{3:063d}y", f"{59:063d}x", "f" * 64), NO_MEMBER)
    # Case 3 is of the patient of case 2; nobody knows whose case 59 is.
    assert np.flatnonzero(seen_cases(kept, cases, listed)).tolist() == [2, 3, 59]
    assert not seen_cases(kept, cases, {}).any()


def test_what_a_member_has_not_learned_from_has_not_been_seen(tmp_path: Path) -> None:
    """Cases 2 and 3 are of one patient; of case 59 nobody knows whose it is."""
    cases = seen_archive(tmp_path)
    kept = store.Store(tmp_path)

    def told(**members: int) -> list[int]:
        listed = {f"{int(r[1:]):063d}{file}": m for r, m in members.items() for file in "xy"}
        return [int(row) for row in np.flatnonzero(seen_cases(kept, cases, listed))]

    assert told(r2=1, r3=1, r59=0) == []
    assert told(r3=1, r59=0) == [2]  # not among the films: all members described it
    # Each member has learned from the patient's other film.
    assert told(r2=0, r3=1) == [2, 3]
    assert told(r2=0, r3=NO_MEMBER) == [2, 3]


def test_only_unseen_patients_judge(tmp_path: Path) -> None:
    cases = seen_archive(tmp_path)
    listed = {f"{row:063d}x": NO_MEMBER for row in range(20)}
    _, head, _ = fit_on(tmp_path, cases, DIMS, listed)
    assert head.calibration is not None
    assert head.calibration.cases == 40
    everything = {f"{row:063d}x": NO_MEMBER for row in range(60)}
    fusion, none, _ = fit_on(tmp_path, cases, DIMS, everything)
    assert not fusion.learned
    assert none.calibration is None
    assert none.note.startswith("the encoder was trained on all but 0 of the labelled cases")


def test_the_weight_of_words_is_fixed() -> None:
    fusion = with_text(FusionWeights({"colour": 0.5, "edge": 0.5, "embedding": 0.0}, True, 0.9))
    assert fusion.weights == pytest.approx(
        {"colour": 0.375, "edge": 0.375, "embedding": 0, "text": 0.25}
    )
    assert (fusion.learned, fusion.mean_average_precision) == (True, 0.9)


def test_heads_are_read_back_as_they_were(tmp_path: Path) -> None:
    text = fit_text(["left effusion", None, "", "right cavity", "left cavity"])
    head = CombinedHead(NeighbourVote({"a": 0.25, "b": 0.75}, k=3), note="small")
    fusion = with_text(FusionWeights.default(["colour", "edge", "embedding"]))
    write_heads(tmp_path, Heads(text, fusion, head))
    again = read_heads(tmp_path, DIMS)
    assert (again.fusion, again.diagnosis) == (fusion, head)
    words = ["effusion", "cavity left", "nothing"]
    np.testing.assert_array_equal(again.text.transform(words), text.transform(words))
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


@pytest.mark.parametrize(
    "name", ["weights.json", "diagnosis.json", "diagnosis.safetensors", "text.json"]
)
@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", None])
def test_heads_that_cannot_be_read_are_damage(
    tmp_path: Path, name: str, data: bytes | None
) -> None:
    fusion = with_text(FusionWeights.default(["colour", "edge", "embedding"]))
    write_heads(tmp_path, Heads(fit_text([]), fusion, CombinedHead(NeighbourVote({}))))
    if data is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(IndexDamaged):
        read_heads(tmp_path, DIMS)
