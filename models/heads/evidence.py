"""What an archive's labelled cases tell a head: their blocks, their scores, and whose they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatImage, Mask
from models.heads.leave_out import Indices, patients_of, sample
from models.training.splits import folds

FOLDS = 5
"""Parts into which the patients are put; each is predicted by what was fitted on the others."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """n labelled cases, one instance each.

    `blocks`: descriptor -> float32 (n, dim), rows of unit length or zeros. `labels`: n names.
    `patients`: n ids; an empty one is a patient of its own. `judged`: bool (n,), the cases by which
    anything may be chosen or calibrated. An encoder that was trained on films of the archive gives
    those a clearer embedding than it gives to new ones, so they may teach but not judge.
    """

    blocks: Mapping[str, FloatImage]
    labels: tuple[str, ...]
    patients: tuple[str, ...]
    judged: Mask

    def __len__(self) -> int:
        """How many cases."""
        return len(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, sorted."""
        return tuple(sorted(set(self.labels)))

    @property
    def truth(self) -> Indices:
        """Each case's place in `classes`: (n,)."""
        place = {name: at for at, name in enumerate(self.classes)}
        return np.array([place[label] for label in self.labels], np.intp)

    def folds(self, seed: int = 0) -> Indices:
        """The fold of each case, (n,), even over labels; a patient is in one fold only."""
        strata = [
            f"{'judged' if judged else 'seen'}|{label}"
            for judged, label in zip(self.judged, self.labels, strict=True)
        ]
        return folds(strata, self.patients, FOLDS, seed)

    def rows(self, chosen: Indices) -> "Evidence":
        """Some of the cases."""
        return Evidence(
            {name: block[chosen] for name, block in self.blocks.items()},
            tuple(self.labels[row] for row in chosen),
            tuple(self.patients[row] for row in chosen),
            self.judged[chosen],
        )

    def sampled(self, cap: int) -> "Evidence":
        """At most `cap` cases, whole patients, the same every time."""
        return (
            self if len(self) <= cap else self.rows(sample_judged(self.patients, self.judged, cap))
        )

    def similarity(self, weights: Mapping[str, float]) -> FloatImage:
        """The scores that the cases give each other: float32 (n, n); `weights` are scaled to 1."""
        total = sum(weights[name] for name in self.blocks)
        found = np.zeros((len(self), len(self)), np.float32)
        for name, block in self.blocks.items():
            found += np.float32(weights[name] / total) * (block @ block.T)
        return found

    def patients_with(self) -> dict[str, int]:
        """How many patients have each label."""
        owners: dict[str, set[str]] = {name: set() for name in self.classes}
        for label, patient in zip(self.labels, patients_of(self.patients), strict=True):
            owners[label].add(patient)
        return {name: len(whose) for name, whose in owners.items()}


def sample_judged(patients: Sequence[str], judged: Mask, cap: int, seed: int = 0) -> Indices:
    """At most `cap` rows (m,), sorted, whole patients; up to half of them are judged ones.

    Where all may judge, or none, they are drawn from all alike.
    """
    if len(patients) <= cap or judged.all() or not judged.any():
        return sample(patients, cap, seed)
    may, others = np.flatnonzero(judged), np.flatnonzero(~judged)
    names = np.asarray(patients_of(patients), dtype=str)
    first = may[sample(names[may].tolist(), cap // 2, seed)]
    rest = others[sample(names[others].tolist(), cap - len(first), seed)]
    return np.sort(np.concatenate([first, rest]))
