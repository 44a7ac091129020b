"""What is asked, and what an answer repeats of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.frame import box_of
from indexer.region import Region
from models.heads.conformal import COVERAGE
from retrieval import aggregation
from retrieval.answer import Place, QueryFacts

if TYPE_CHECKING:
    from indexer.describe import Described


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    `scan`: a file, or a folder of slices; None for a query by words alone. `text`: words, or "".
    `k`: how many cases. `weights`: descriptor -> weight, for those that differ from the index's own
    (learned) ones. `where`: a filter, see docs/filters.md. `patient_id`: whose scan it is, where
    its header does not say; his own studies are returned apart. `coverage`: how often the labels
    that are not ruled out should hold the true one. `aggregate`: one of `retrieval.aggregation`,
    how cases of several pictures are ranked; a suggestion rests on the default one. `slices`: at
    most so many of a series that asks are described; 0: as many as in the index. `like`, `unlike`:
    ids of cases of the archive, more or less like which the hits should be; without a scan the
    first of `like` asks. `refine`: one of `retrieval.refining.WAYS`. `spread`: whether words find
    looks; see docs/refining.md. `region`: a part of the scan, that alone is asked about; see
    docs/regions.md.
    """

    scan: Path | None = None
    text: str = ""
    k: int = 5
    weights: Mapping[str, float] = field(default_factory=dict)
    where: str = ""
    patient_id: str = ""
    coverage: float = COVERAGE
    aggregate: str = aggregation.DEFAULT
    slices: int = 0
    like: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()
    refine: str = ""
    spread: bool = False
    region: Region | None = None


def facts_of(
    asked: Query,
    described: "Described | None",
    patients: tuple[str, ...],
    weights: dict[str, float],
) -> QueryFacts:
    """What an answer repeats of what was asked. `weights`: that it was asked with."""
    facts = QueryFacts(
        path=None if asked.scan is None else str(asked.scan),
        text=asked.text,
        patient_id=next(iter(patients), ""),
        weights=weights,
        where=asked.where,
        aggregate=asked.aggregate,
        like=asked.like,
        unlike=asked.unlike,
        refine=asked.refine,
        spread=asked.spread,
    )
    if described is None:
        return facts
    return replace(
        facts,
        region=_place(asked, described),
        modality=described.header.modality,
        body_part=described.header.body_part,
        quality=described.quality,
        segmentation=described.segmentation,
        preview=described.previews[len(described.previews) // 2],
    )


def _place(asked: Query, described: "Described") -> Place | None:
    """The region that was asked about, as an answer repeats it."""
    if asked.region is None or not described.region:
        return None
    x, y, width, height, first, count = described.region
    return Place(
        box=(x, y, width, height),
        shown=box_of(described.frames[0], shown=True),
        slices=None if described.slices == (-1,) else (first, count),
        mask="" if asked.region.mask is None else asked.region.mask.name,
    )
