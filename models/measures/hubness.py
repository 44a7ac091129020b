"""Hubness: how unevenly cases are found.

Radovanović, Nanopoulos and Ivanović 2010, "Hubs in space".

In many dimensions a few points are among the neighbours of very many others, whatever is asked,
and some are of none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Hubness:
    """How often each case was among the first k.

    `counts`: intp (cases,), of those that can be found. `skewness`: of the counts, 0 if even, above
    1 with clear hubs; NaN if all are alike. `never`: the share of the cases that nobody found.
    `most`: the largest count, over what an even distribution gives.
    """

    k: int
    counts: NDArray[np.intp]
    skewness: float
    never: float
    most: float


def hubness(first: NDArray[np.intp], findable: NDArray[np.intp], k: int) -> Hubness:
    """Of the lists of the first cases, intp (q, k); -1 where a list is shorter.

    `findable`: the numbers of the cases that can be found.
    """
    found = first[first >= 0].ravel()
    counts = np.bincount(found, minlength=int(findable.max(initial=-1)) + 1)[findable]
    mean, spread = counts.mean(), counts.std()
    skewness = float(((counts - mean) ** 3).mean() / spread**3) if spread > 0 else float("nan")
    return Hubness(
        k,
        counts,
        skewness,
        float((counts == 0).mean()),
        float(counts.max() / mean) if mean > 0 else float("nan"),
    )
