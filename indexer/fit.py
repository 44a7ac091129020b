"""What is fitted on an archive: the text vocabulary, the descriptors' weights, the diagnosis, and
how its films lie (`indexer.orientation`).

Kept in a generation's `heads/` as JSON and safetensors. Weights and diagnosis are judged by leaving
each patient out in turn, on the archive alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from indexer import store
from indexer.commit import write_file
from indexer.store import Store
from models.arrays import FloatImage
from models.descriptors import text as words
from models.errors import IndexDamaged
from models.heads.fusion import DEFAULT_WEIGHTS, FusionWeights
from models.heads.leave_out import sample
from models.heads.neighbours import NeighbourVote
from models.heads.orientation import OrientationHeads
from models.heads.orientation_file import from_folder, to_files

CASES_LOOKED_AT = 1000
"""Labelled cases, whole patients, that weights and diagnosis are fitted on; more change little."""

_IMAGE_BLOCKS = ("colour", "edge", "embedding")


@dataclass(frozen=True, slots=True)
class Heads:
    """What was fitted, ready to be used."""

    text: words.TextModel
    fusion: FusionWeights
    vote: NeighbourVote
    orientation: OrientationHeads = field(default_factory=OrientationHeads)


def fit_text(findings: Sequence[str | None]) -> words.TextModel:
    """The vocabulary of an archive's annotations."""
    return words.fit([text for text in findings if text])


def fit_on(
    folder: Path, cases: pa.Table, dims: Mapping[str, int]
) -> tuple[FusionWeights, NeighbourVote]:
    """The descriptors' weights and the vote of the neighbours, fitted on one instance a case.

    `folder`: the generation whose instances are written. `cases`: its case rows.
    """
    labels = [label or "" for label in cases.column("label").to_pylist()]
    patients = [patient or "" for patient in cases.column("patient_id").to_pylist()]
    labelled = [row for row, label in enumerate(labels) if label]
    chosen = [labelled[i] for i in sample([patients[row] for row in labelled], CASES_LOOKED_AT)]
    middles = cases.column("middle_row").to_pylist()
    vectors = _vectors(folder, [middles[row] for row in chosen], dims)
    similarity = {name: block @ block.T for name, block in vectors.items()}
    truth = [labels[row] for row in chosen]
    groups = [patients[row] for row in chosen]
    fusion = FusionWeights.fit(similarity, truth, groups)
    shares = np.array([fusion.weights[name] for name in _IMAGE_BLOCKS], np.float32)
    fused = np.tensordot(shares / shares.sum(), np.stack(list(similarity.values())), axes=1)
    vote = NeighbourVote.fit(fused.astype(np.float32), truth, groups, archive=labels)
    return with_text(fusion), vote


def with_text(fusion: FusionWeights) -> FusionWeights:
    """The weights of the picture's descriptors, beside the fixed one of the text; sum 1."""
    text = DEFAULT_WEIGHTS["text"]
    weights = {name: (1 - text) * fusion.weights[name] for name in _IMAGE_BLOCKS}
    return replace(fusion, weights=weights | {"text": text})


def _vectors(folder: Path, rows: Sequence[int], dims: Mapping[str, int]) -> dict[str, FloatImage]:
    """The image blocks of some instances, by their place in the order of the vectors."""
    found = {name: np.zeros((len(rows), dims[name]), np.float32) for name in _IMAGE_BLOCKS}
    wanted = np.asarray(rows, np.int64)
    start = 0
    kept = Store(folder)
    for name in kept.parts() if len(rows) else []:
        table = kept.instances(name, _IMAGE_BLOCKS)
        here = np.flatnonzero((wanted >= start) & (wanted < start + len(table)))
        for block in _IMAGE_BLOCKS if here.size else ():
            found[block][here] = store.block_of(table, block)[wanted[here] - start]
        start += len(table)
    return found


def write_heads(folder: Path, heads: Heads) -> None:
    """Writes them into `folder`. Raises `CannotWrite`."""
    words.save(heads.text, folder)
    write_file(folder / "weights.json", heads.fusion.to_json().encode())
    write_file(folder / "diagnosis.json", heads.vote.to_json().encode())
    for name, data in to_files(heads.orientation).items():
        write_file(folder / name, data)


def read_heads(folder: Path) -> Heads:
    """What `write_heads` wrote. Raises `IndexDamaged`."""
    try:
        fusion = FusionWeights.from_json((folder / "weights.json").read_text(encoding="utf-8"))
        vote = NeighbourVote.from_json((folder / "diagnosis.json").read_text(encoding="utf-8"))
        return Heads(words.load(folder), fusion, vote, from_folder(folder))
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{folder} cannot be read") from error
