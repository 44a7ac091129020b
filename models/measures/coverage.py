"""Whether sets of labels hold the true one as often as they promise (Vovk et al. 2005)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.measures.predictions import plain


@dataclass(frozen=True, slots=True)
class Coverage:
    """`overall`: share of films whose set holds their label; `of_class`: the same, class by class.

    `mean_size`: labels in a set. `sizes`: films by the size of their set.
    """

    films: int
    overall: float
    of_class: dict[str, float]
    mean_size: float
    sizes: dict[int, int]

    def to_json(self) -> dict[str, Any]:
        """As JSON has it: null where a class has no film."""
        return {
            "films": self.films,
            "overall": plain(self.overall),
            "of_class": {name: plain(value) for name, value in self.of_class.items()},
            "mean_size": plain(self.mean_size),
            "sizes": {str(size): films for size, films in self.sizes.items()},
        }


def coverage(
    sets: Sequence[Sequence[str]], labels: Sequence[str], classes: Sequence[str]
) -> Coverage:
    """Of n sets and the n true labels. Raises `ValueError` if there are not as many."""
    if len(sets) != len(labels):
        raise ValueError(f"{len(sets)} sets for {len(labels)} labels")
    held = np.array([label in one for one, label in zip(sets, labels, strict=True)], bool)
    size = np.array([len(one) for one in sets], np.int64)
    truth = np.asarray(labels, dtype=str)
    rows = {name: truth == name for name in classes}
    return Coverage(
        films=len(labels),
        overall=float(held.mean()) if len(held) else np.nan,
        of_class={n: float(held[row].mean()) if row.any() else np.nan for n, row in rows.items()},
        mean_size=float(size.mean()) if len(size) else np.nan,
        sizes={int(one): int((size == one).sum()) for one in np.unique(size)},
    )
