"""What the checks look at: one generation of an index, and the files of its archive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.check import Film
from indexer.films import Films
from indexer.sources import Entry
from indexer.store import Store
from models.arrays import FloatImage
from models.heads.orientation import OrientationHeads

if TYPE_CHECKING:
    from indexer.workers import WorkerPool

Progress = Callable[[str, int, int], None]

IMAGE_BLOCKS = ("colour", "edge", "embedding")


def silent(stage: str, done: int, total: int) -> None:
    """Shows nothing."""


@dataclass(frozen=True)
class Material:
    """`folder`: of the generation. `entries`: the archive's files by path, empty if it is not
    there. `pool`: workers that compare previews; None: these are not compared.
    """

    folder: Path
    dims: Mapping[str, int]
    lie: OrientationHeads
    entries: Mapping[str, Entry] = field(default_factory=dict)
    pool: "WorkerPool | None" = None
    progress: Progress = silent

    @cached_property
    def kept(self) -> Store:
        """The tables."""
        return Store(self.folder)

    @cached_property
    def films(self) -> Films:
        """Every scan."""
        return Films.of(self.kept)

    @cached_property
    def vectors(self) -> FloatImage:
        """Colour, edge and embedding of each scan side by side: float32 (n, dim)."""
        return self.films.vectors(IMAGE_BLOCKS, self.dims)

    @cached_property
    def rejects(self) -> list[dict[str, Any]]:
        """The files that were not taken: rows of `indexer.store.REJECTS`."""
        rows: list[dict[str, Any]] = self.kept.table("rejects").to_pylist()
        return rows

    @cached_property
    def labels(self) -> list[str]:
        """Each scan's label as it was given; see `settled` for what its case is taken as."""
        return self.films.column("label")

    @cached_property
    def settled(self) -> list[str]:
        """The label that each scan's case is taken as; empty where it has none or two."""
        cases = self.kept.table("cases").select(["case_id", "label"]).to_pydict()
        known = dict(zip(cases["case_id"], cases["label"], strict=True))
        return [known.get(case) or "" for case in self.films.column("case_id")]

    def film(self, place: int) -> Film:
        """The scan at a place of `films`."""
        return self.all_films[place]

    @cached_property
    def all_films(self) -> list[Film]:
        """Every scan as findings name it."""
        told = [self.films.column(name) for name in ("path", "patient_id", "label", "case_id")]
        rows = self.films.rows.tolist()
        return [Film(*said) for said in zip(*told, rows, strict=True)]
