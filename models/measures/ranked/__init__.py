"""Measures of rankings: how well what is found answers what was asked. One measure a file.

Relevant is a case with the query's label, of another patient. Literature mixes the names up (hit
rate is often called recall, and precision accuracy), so each file says which definition it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.arrays import Mask
from models.errors import UsageError
from models.measures.predictions import Numbers
from models.table import load

Labels = NDArray[np.intp]

NOBODY = -1
"""In the place of a label: there is no case at this rank, or none with a label."""

AT_K: Mapping[str, str] = MappingProxyType(
    {
        "hit_rate": "models.measures.ranked.hit_rate:hit_rate",
        "recall": "models.measures.ranked.recall:recall",
        "precision": "models.measures.ranked.precision:precision",
        "nDCG": "models.measures.ranked.ndcg:ndcg",
        "top_mAP": "models.measures.ranked.top_average_precision:top_average_precision",
        "vote": "models.measures.ranked.vote:vote",
    }
)
"""Measures of the first k, written ``name@k``."""

WHOLE: Mapping[str, str] = MappingProxyType(
    {
        "mAP": "models.measures.ranked.average_precision:average_precision",
        "MAP@R": "models.measures.ranked.map_at_r:map_at_r",
    }
)
"""Measures of whole rankings."""


@dataclass(frozen=True, slots=True)
class Rankings:
    """What q queries found, each its cases best first.

    `found`: intp (q, n), the label of the case at each rank; `NOBODY` where a ranking is shorter.
    `asked`: intp (q,), the queries' labels. `wanted`: intp (q,), the relevant cases that there
    were to be found, at least 1 each.
    """

    found: Labels
    asked: Labels
    wanted: Labels

    @property
    def relevant(self) -> Mask:
        """Whether the case at each rank is relevant: bool (q, n)."""
        return np.asarray(self.found == self.asked[:, None], bool)

    def __len__(self) -> int:
        """How many queries."""
        return len(self.asked)


Measure = Callable[[Rankings], Numbers]


def measure(name: str) -> Measure:
    """The measure of that name, such as ``mAP`` or ``precision@5``: rankings in, float64 (q,) out.

    Raises `UsageError` if there is none.
    """
    if name in WHOLE:
        whole: Measure = load(WHOLE, name, "measure")
        return whole
    base, _, cut = name.partition("@")
    if not cut.isdecimal() or int(cut) < 1:
        known = ", ".join([*WHOLE, *(f"{one}@k" for one in AT_K)])
        raise UsageError(f"there is no measure {name!r}; there are: {known}")
    function = load(AT_K, base, "measure at k")
    k = int(cut)
    return lambda rankings: np.asarray(function(rankings, k), np.float64)
