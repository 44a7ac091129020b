"""What is fitted on an archive: the text vocabulary, the descriptors' weights, the diagnosis, and
how its films lie (`indexer.orientation`).

Kept in a generation's `heads/` as JSON and safetensors. Weights and diagnosis are judged by leaving
each patient out in turn, on the archive alone; and where the encoder was trained on films of this
archive, on the patients that it has not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from indexer import store
from indexer.commit import write_file
from indexer.store import Store
from models.arrays import FloatImage, Mask
from models.descriptors import text as words
from models.errors import IndexDamaged
from models.heads import combined, likeness, likeness_file, stored
from models.heads.combined import CombinedHead
from models.heads.evidence import Evidence, sample_judged
from models.heads.fusion import CAP, DEFAULT_WEIGHTS, FusionWeights
from models.heads.likeness import Likeness
from models.heads.linear import LinearPart
from models.heads.orientation import OrientationHeads
from models.heads.orientation_file import from_folder, to_files
from models.runtime.members import NO_MEMBER

CASES_LOOKED_AT = combined.CAP
"""Labelled cases, whole patients, that weights and diagnosis are fitted on; more change little."""

_IMAGE_BLOCKS = ("colour", "edge", "embedding")


@dataclass(frozen=True, slots=True)
class Heads:
    """What was fitted, ready to be used."""

    text: words.TextModel
    fusion: FusionWeights
    diagnosis: CombinedHead
    likeness: Likeness | None = None
    orientation: OrientationHeads = field(default_factory=OrientationHeads)

    @property
    def weights(self) -> dict[str, float]:
        """Of what is searched, the learned block among it; they sum to 1."""
        return with_learned(self.fusion.weights, self.likeness)


def fit_text(findings: Sequence[str | None]) -> words.TextModel:
    """The vocabulary of an archive's annotations."""
    return words.fit([text for text in findings if text])


def fit_on(
    folder: Path,
    cases: pa.Table,
    dims: Mapping[str, int],
    trained_on: Mapping[str, int] = MappingProxyType({}),
) -> tuple[FusionWeights, CombinedHead, Likeness | None]:
    """The descriptors' weights, the diagnosis head and what labels taught, on one instance a case.

    `folder`: the generation whose instances and files are written. `cases`: its case rows.
    `trained_on`: what the encoder was trained on, from `models.runtime.registry`.
    """
    import scipy.optimize  # noqa: F401 - a BLAS of its own, limited only once it is loaded

    labels = [label or "" for label in cases.column("label").to_pylist()]
    named = [label for label in labels if label]
    judged = ~seen_cases(Store(folder), cases, trained_on)
    evidence = evidence_of(folder, cases, dims, judged)
    # Thousands of small products: several threads wait for each other, busily, ten times as long.
    with threadpool_limits(1, user_api="blas"):
        fusion = fit_weights(evidence)
        head = combined.fit(evidence, fusion.weights, named)
        taught = fit_likeness(evidence, head.linear, fusion.weights)
        return with_text(fusion), head, taught


def fit_likeness(
    evidence: Evidence, part: LinearPart | None, weights: Mapping[str, float]
) -> Likeness | None:
    """What labels taught of likeness, where it is better than the picture's blocks alone."""
    return None if part is None else likeness.fit(evidence, part, weights)


def with_learned(weights: Mapping[str, float], taught: Likeness | None) -> dict[str, float]:
    """`weights` with the learned block's share taken from the picture's; the text keeps its own."""
    if taught is None:
        return dict(weights)
    pictures = sum(weights[name] for name in _IMAGE_BLOCKS)
    own = {name: (1 - taught.share) * weights[name] for name in _IMAGE_BLOCKS}
    return {**weights, **own, likeness.BLOCK: taught.share * pictures}


def fit_weights(evidence: Evidence) -> FusionWeights:
    """The weights of the picture's descriptors, which sum to 1, on at most `CAP` of the cases."""
    small = evidence.sampled(CAP)
    similarity = {name: block @ block.T for name, block in small.blocks.items()}
    return FusionWeights.fit(similarity, small.labels, small.patients, small.judged)


def evidence_of(folder: Path, cases: pa.Table, dims: Mapping[str, int], judged: Mask) -> Evidence:
    """The labelled cases, at most `CASES_LOOKED_AT` of them, each by its middle instance.

    `judged`: bool (cases,), those whose vectors were made by what has not learned from them.
    """
    labels = [label or "" for label in cases.column("label").to_pylist()]
    patients = [patient or "" for patient in cases.column("patient_id").to_pylist()]
    labelled = np.flatnonzero(np.asarray(labels, dtype=str) != "")
    owners = [patients[row] for row in labelled.tolist()]
    chosen = labelled[sample_judged(owners, judged[labelled], CASES_LOOKED_AT)]
    middles = cases.column("middle_row").to_pylist()
    return Evidence(
        _vectors(folder, [middles[row] for row in chosen.tolist()], dims),
        tuple(labels[row] for row in chosen.tolist()),
        tuple(patients[row] for row in chosen.tolist()),
        judged[chosen],
    )


def seen_cases(kept: Store, cases: pa.Table, trained_on: Mapping[str, int]) -> Mask:
    """The cases whose vectors were made by what has learned from their patient: bool (cases,).

    A case with a listed file has been seen, and so has every other case of its patient. But a
    committee describes a file by the member that did not learn from it. Where that is one and the
    same member for every listed file of a patient, it has seen nothing of him, and what it
    described has not been seen.
    """
    if not trained_on:
        return np.zeros(len(cases), bool)
    rows = cases.select(["case_id", "patient_id"]).to_pylist()
    # A case whose patient nobody knows is a patient of its own.
    owner = {row["case_id"]: row["patient_id"] or f"\0{row['case_id']}" for row in rows}
    facts = kept.facts().select(["source", "case_id"]).to_pylist()
    case_of = {row["source"]: row["case_id"] for row in facts}
    members: dict[str, set[int]] = {}
    unlisted = set()
    for file in kept.table("files").select(["source", "sha256"]).to_pylist():
        case = case_of.get(file["source"])
        if case is None:
            continue
        if file["sha256"] in trained_on:
            members.setdefault(owner[case], set()).add(trained_on[file["sha256"]])
        else:
            unlisted.add(case)

    def seen(case: str) -> bool:
        told = members.get(owner[case], set())
        honest = len(told) == 1 and NO_MEMBER not in told and case not in unlisted
        return bool(told) and not honest

    return np.array([seen(row["case_id"]) for row in rows], bool)


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
    stored.save(heads.diagnosis, folder)
    likeness_file.save(heads.likeness, folder)
    for name, data in to_files(heads.orientation).items():
        write_file(folder / name, data)


def read_heads(folder: Path, dims: Mapping[str, int] | None = None) -> Heads:
    """What `write_heads` wrote; `dims`: of the blocks, to be checked. Raises `IndexDamaged`."""
    try:
        fusion = FusionWeights.from_json((folder / "weights.json").read_text(encoding="utf-8"))
        return Heads(
            words.load(folder),
            fusion,
            stored.load(folder, dims),
            likeness_file.load(folder, dims),
            from_folder(folder),
        )
    except (OSError, ValueError) as error:
        raise IndexDamaged(f"{folder} cannot be read") from error
