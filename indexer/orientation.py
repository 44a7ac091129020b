"""Fits, on an archive's own films and without labels, what tells whether a film lies wrong.

Some films of each large group (modality and body part) are turned and inverted, and the encoder
looks at the copies (`models.heads.orientation`). Few films suffice: what is told of 48 is told of
1,000 (docs/check.md).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from indexer.films import Films
from models.arrays import FloatImage
from models.errors import UnreadableScan
from models.heads.leave_out import Indices, codes, patients_of
from models.heads.orientation import (
    KINDS,
    UNKNOWN,
    Examples,
    OrientationHead,
    OrientationHeads,
    fit,
)

Turn = Callable[[Sequence[bytes]], FloatImage]
"""Embeddings (n, kinds, dim) of n previews, as each of `KINDS`."""

FEWEST, MOST = 40, 48
"""Patients of a group that a head is fitted on."""

PASSES = 400
"""Pictures that the encoder may look at for it, and if that is more, `SHARE` of the archive's."""

SHARE = 0.1

_PLATES = frozenset({"CR", "DX", "DR", "RG", "MG", "PX", "IO"})
"""Modalities (DICOM PS3.3 C.7.3.1.1.1) whose films are laid by hand, so that they come turned; how
a section lies is known to the scanner. These groups come first."""


def fit_orientation(films: Films, dims: Mapping[str, int], turn: Turn) -> OrientationHeads:
    """A head for each group that has patients enough, while `PASSES` last: films before sections,
    and then the largest first.
    """
    patients = codes(patients_of(films.column("patient_id")))
    counts = _patients_by_group(films.groups, patients)
    large = [group for group, count in counts.items() if count >= FEWEST]
    large.sort(key=lambda group: group.split(" ")[0] not in _PLATES)
    budget = max(PASSES, int(SHARE * len(films))) // len(KINDS)
    each = min(MOST, max(FEWEST, budget // max(1, len(large))))
    declined = {
        group: f"{count} patients; {FEWEST} are needed"
        for group, count in counts.items()
        if count < FEWEST
    }
    heads = []
    vectors = films.vectors(["embedding"], dims) if large else np.zeros((0, 0), np.float32)
    for place, group in enumerate(large):
        if place >= max(1, budget // each):
            declined[group] = "other groups come first, and not all can be looked at"
            continue
        found = _fitted(group, films, vectors, patients, each, turn)
        if isinstance(found, str):
            declined[group] = found
        else:
            heads.append(found)
    told = tuple(sorted(declined.items()))
    rivals = _centres(films, vectors, [group for group, _ in told]) if heads else vectors[:0]
    return OrientationHeads(tuple(heads), told, rivals, len(films))


def _centres(films: Films, vectors: FloatImage, groups: Sequence[str]) -> FloatImage:
    """Where the films of some groups lie: float32 (groups, dim), unit length."""
    names = np.array(films.groups)
    means = [vectors[names == group].mean(axis=0) for group in groups if group != UNKNOWN]
    centres = np.stack(means) if means else vectors[:0]
    lengths = np.linalg.norm(centres, axis=1, keepdims=True)
    return np.asarray(centres / np.maximum(lengths, 1e-9), np.float32)


def _patients_by_group(groups: Sequence[str], patients: Indices) -> dict[str, int]:
    pairs = set(zip(groups, patients.tolist(), strict=True))
    return dict(Counter(group for group, _ in sorted(pairs)).most_common())


def _fitted(
    group: str,
    films: Films,
    vectors: FloatImage,
    patients: Indices,
    count: int,
    turn: Turn,
) -> OrientationHead | str:
    inside = np.flatnonzero(np.array(films.groups) == group)
    drawn = _one_a_patient(inside, patients, count)
    others = inside[~np.isin(patients[inside], patients[drawn])]
    try:
        copies = turn(films.previews(drawn.tolist()))
    except UnreadableScan as error:
        return f"its previews cannot be read: {error}"
    return fit(group, Examples(vectors[drawn], copies, vectors[others]))


def _one_a_patient(rows: Indices, patients: Indices, count: int) -> Indices:
    """One film of each of `count` patients, both drawn with a fixed seed."""
    mixed = np.random.default_rng(0).permutation(rows)
    _, first = np.unique(patients[mixed], return_index=True)
    return np.sort(mixed[np.sort(first)[:count]])
