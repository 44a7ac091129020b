"""How well scans of another kind are told from those of the archive's kind.

Hendrycks and Gimpel 2017: the AUROC, and how many familiar scans are held for strange ones where 95
of 100 strange ones are found.
"""

from dataclasses import dataclass

import numpy as np

from models.measures import weighted
from models.measures.predictions import Numbers, plain

FOUND = 0.95


@dataclass(frozen=True, slots=True)
class Detection:
    """`auroc`: 0..1. `fpr_at_95_tpr`: share of familiar scans that are flagged.

    Both are NaN where one of the two kinds is missing.
    """

    familiar: int
    strange: int
    auroc: float
    fpr_at_95_tpr: float

    def to_json(self) -> dict[str, float | int | None]:
        """As JSON has it: null where it cannot be told."""
        return {
            "familiar": self.familiar,
            "strange": self.strange,
            "auroc": plain(self.auroc),
            "fpr_at_95_tpr": plain(self.fpr_at_95_tpr),
        }


def detect(familiar: Numbers, strange: Numbers) -> Detection:
    """From a novelty of each scan, higher for strange ones: (n,) and (m,)."""
    scores = np.concatenate([familiar, strange])
    is_strange = np.arange(len(scores)) >= len(familiar)
    area = float(weighted.auc(scores, is_strange, np.ones((1, len(scores))))[0])
    if not len(familiar) or not len(strange):
        return Detection(len(familiar), len(strange), np.nan, np.nan)
    threshold = np.quantile(strange, 1 - FOUND, method="lower")
    return Detection(len(familiar), len(strange), area, float((familiar >= threshold).mean()))
