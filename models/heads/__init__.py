"""Heads: small things fitted on an archive that turn a search's findings into a statement.

Fitting is NumPy and SciPy; what is fitted is JSON and safetensors, and takes NumPy alone to be
used. No torch, no pickle.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from models.arrays import FloatImage

if TYPE_CHECKING:
    from models.heads.calibration import Calibration
    from models.heads.conformal import ConformalSets
    from models.heads.novelty import Novelty


class DiagnosisHead(Protocol):
    """What `retrieval.diagnosis` asks of a head (`models.heads.combined.CombinedHead`)."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The archive's labels, sorted."""
        ...

    @property
    def shares(self) -> dict[str, float]:
        """Each label's share among the archive's labelled cases."""
        ...

    @property
    def k(self) -> int:
        """How many of the nearest labelled cases it wants to see; 0 if none."""
        ...

    @property
    def floor(self) -> float:
        """The score below which the nearest case is not close."""
        ...

    @property
    def sets(self) -> "ConformalSets | None":
        """Which labels an answer cannot rule out; None if the archive is too small."""
        ...

    @property
    def novelty(self) -> "Novelty | None":
        """Whether a scan is of the archive's kind; None if the archive is too small."""
        ...

    @property
    def calibration(self) -> "Calibration | None":
        """What became of the archive's own answers; None if the archive is too small."""
        ...

    @property
    def note(self) -> str:
        """Why something of the above is missing; empty if nothing is."""
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
