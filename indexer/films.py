"""An index with one row a scan: what is looked at when whole scans are compared.

Of a volume its middle instance stands for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from indexer import store
from indexer.store import Store
from models.arrays import FloatImage
from models.heads.orientation import UNKNOWN

Rows = NDArray[np.int64]


def group_of(modality: str, body_part: str) -> str:
    """The group that scans of this modality and body part are."""
    return f"{modality} {body_part}".strip() or UNKNOWN


@dataclass(frozen=True)
class Films:
    """`table`: the facts of each scan. `rows`: int64 (n,), its instance among all of the index."""

    kept: Store
    table: pa.Table
    rows: Rows

    @classmethod
    def of(cls, kept: Store) -> "Films":
        """Every scan, in the order in which the index has them."""
        facts = kept.facts()
        sources = facts.column("source").to_numpy(zero_copy_only=False)
        _, first, count = np.unique(sources, return_index=True, return_counts=True)
        rows = np.sort(first + count // 2).astype(np.int64)
        return cls(kept, facts.take(pa.array(rows)), rows)

    def __len__(self) -> int:
        """How many scans there are."""
        return len(self.rows)

    def column(self, name: str) -> list[str]:
        """A column's texts, empty where nobody said anything."""
        if name not in self.table.column_names:
            return [""] * len(self)
        return [value or "" for value in self.table.column(name).to_pylist()]

    @cached_property
    def groups(self) -> list[str]:
        """Modality and body part of each scan, as one text."""
        parts = zip(self.column("modality"), self.column("body_part"), strict=True)
        return [group_of(modality, body_part) for modality, body_part in parts]

    def vectors(self, names: Sequence[str], dims: Mapping[str, int]) -> FloatImage:
        """Some blocks of each scan side by side: float32 (n, sum of their dims)."""
        found = np.zeros((len(self), sum(dims[name] for name in names)), np.float32)
        start = 0
        for part in self.kept.parts() if len(self) else []:
            table = self.kept.instances(part, list(names))
            here = np.flatnonzero((self.rows >= start) & (self.rows < start + len(table)))
            if here.size:
                blocks = np.hstack([store.block_of(table, name) for name in names])
                found[here] = blocks[self.rows[here] - start]
            start += len(table)
        return found

    def previews(self, places: Sequence[int]) -> list[bytes]:
        """The small pictures of some scans."""
        found = self.kept.preview([int(self.rows[place]) for place in places])
        return [found[int(self.rows[place])] for place in places]
