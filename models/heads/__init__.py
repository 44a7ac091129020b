"""Heads: small things fitted on an archive that turn a search's findings into a statement.

Fitting is NumPy; what is fitted is JSON. No torch, no scikit-learn, no pickle.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from models.arrays import FloatImage


class DiagnosisHead(Protocol):
    """What `retrieval.diagnosis` asks for probabilities."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The archive's labels, sorted."""
        ...

    @property
    def k(self) -> int:
        """How many of the nearest labelled cases it wants to see; 0 if none."""
        ...

    @property
    def floor(self) -> float:
        """The score below which the nearest case is not close."""
        ...

    def probabilities(
        self,
        scores: FloatImage,
        labels: Sequence[str],
        features: Mapping[str, FloatImage] | None = None,
    ) -> dict[str, float]:
        """How probable each class is; the values sum to 1.

        `scores`: float32 (n,), the nearest cases' scores, best first. `labels`: their n labels,
        empty where a case has none. `features`: the query's blocks by name, each float32 (dim,),
        for a head that looks at the scan itself.
        """
        ...
