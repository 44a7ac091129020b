"""The engine: a scan, words or both in, an `Answer` out. The whole way of a query, on one screen.

describe -> weigh -> rank by case (the patient's own studies apart) -> diagnose -> Answer
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from indexer.commit import opened
from indexer.films import group_of
from models.arrays import FloatImage, Mask
from models.errors import UsageError
from models.heads.conformal import COVERAGE
from retrieval.answer import Answer, Diagnosis, Hit, QueryFacts
from retrieval.diagnosis import Asked, Neighbours, leading, suggest, withheld
from retrieval.index import OpenIndex
from retrieval.ranking import Ranked
from retrieval.remarks import DIAGNOSTIC_COLUMNS, Circumstances, remarks_of
from retrieval.scans import ScanReader
from retrieval.weighing import check_weights, for_vote, scaled, weighted

if TYPE_CHECKING:
    from indexer.describe import Described
    from indexer.workers import WorkerPool
    from retrieval.why import Why

PRIORS = 5
SEVERAL = 0.1
"""Where more of the labelled cases have several pictures, scores are not as they were fitted."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked.

    `scan`: a file, or a folder of slices; None for a query by words alone. `text`: words, or "".
    `k`: how many cases. `weights`: descriptor -> weight, for those that differ from the index's own
    (learned) ones. `where`: a filter, see docs/filters.md. `patient_id`: whose scan it is, where
    its header does not say; his own studies are returned apart. `coverage`: how often the labels
    that are not ruled out should hold the true one.
    """

    scan: Path | None = None
    text: str = ""
    k: int = 5
    weights: Mapping[str, float] = field(default_factory=dict)
    where: str = ""
    patient_id: str = ""
    coverage: float = COVERAGE


class Engine:
    """An open index, ready to be asked. A context manager; closing it ends its workers."""

    def __init__(
        self,
        index: Path,
        threads: int = 0,
        expected: Path | None = None,
        pool: "WorkerPool | None" = None,
    ) -> None:
        """Opens the live generation. Raises `IndexUnusable` or `IndexDamaged`.

        `threads`: for the encoder; 0 takes every core. `expected`: the scan that will be asked for;
        what describing it needs is loaded while the index is opened. `pool`: of one worker, started
        already; it is closed too.
        """
        self._scans = ScanReader(threads, pool)
        try:
            if expected is not None:
                self._scans.glance(expected)
                self._scans.start(opened(index).manifest["config"]["encoder"])
            self.index = OpenIndex(index)
            if expected is not None:  # while the encoder and the worker are still loading
                self.index.warm()
        except BaseException:
            self._scans.close()
            raise

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Ends the workers."""
        self.close()

    def close(self) -> None:
        """Ends the workers and lets go of the index."""
        self._scans.close()
        self.index.close()

    def query(self, asked: Query) -> Answer:
        """The nearest cases and what they suggest.

        Raises `UsageError` for what does not fit, `UnreadableScan` for a scan that cannot be read.
        """
        began = time.perf_counter()
        if asked.scan is None and not asked.text.strip():
            raise UsageError("nothing was asked: give a scan, --text, or both")
        if asked.k < 1:
            raise UsageError(f"k is {asked.k}; it is at least 1")
        if not 0.5 <= asked.coverage <= 0.99:
            raise UsageError(f"coverage is {asked.coverage}; it is a number from 0.5 to 0.99")
        check_weights(asked.weights, self.index.searched)
        allowed = self.index.selected(asked.where)
        described = None if asked.scan is None else self._described(asked.scan)
        blocks = self._blocks(described, asked.text)
        weights = scaled({**self.index.weights, **asked.weights}, blocks)
        vector = weighted(blocks, weights)
        patients, own = self._own(asked, described)
        hits = self._hits(vector, asked.k, allowed & ~own)
        about = Circumstances(
            scan=described is not None,
            weights=weights,
            words=asked.text.strip(),
            own_weights=not asked.weights,
            filtered=bool(asked.where.strip()),
            named=asked.patient_id.strip(),
            patients=patients,
            own=int(own.sum()),
            wanted=asked.k,
            found=len(hits),
            several=described is not None
            and (len(described.slices) > 1 or self.index.several > SEVERAL),
        )
        near = None
        if described is not None:
            vote = for_vote(self.index.vote_weights, asked.weights, blocks)
            near = self._labelled(weighted(blocks, vote), allowed & ~own)
        diagnosis = self._diagnosis(near, described, asked, about)
        return Answer(
            index=self.index.told,
            query=_query_facts(asked, described, patients, weights),
            hits=hits,
            priors=self._hits(vector, PRIORS, own),
            diagnosis=diagnosis,
            against=self._against(vector, allowed & ~own, leading(diagnosis, near), hits),
            remarks=remarks_of(about),
            seconds=time.perf_counter() - began,
        )

    def _described(self, scan: Path) -> "Described":
        """The scan in numbers, with a remark if it lies otherwise than the archive's films.

        Of a volume its middle instance is looked at, as it is in the archive.
        """
        described = self._scans.describe(scan, self.index)
        embeddings = described.blocks["embedding"]
        middle = embeddings[len(embeddings) // 2 :][:1]
        group = group_of(described.header.modality, described.header.body_part)
        found = filter(None, self.index.heads.orientation.findings(middle, [group]))
        return replace(described, quality=(*described.quality, *found))

    def _blocks(self, described: "Described | None", text: str) -> dict[str, FloatImage]:
        """Each block of the query, float32 (instances, dim), zeros where it has none."""
        count = 1 if described is None else len(described.slices)
        dims = self.index.searched
        blocks = {name: np.zeros((count, dim), np.float32) for name, dim in dims.items()}
        if described is not None:
            blocks |= described.blocks | self.index.learned_block(described.blocks)
        if text.strip():
            words = self.index.text_vector(text)
            blocks["text"] = np.repeat(words, count, axis=0)
        return blocks

    def _own(self, asked: Query, described: "Described | None") -> tuple[tuple[str, ...], Mask]:
        """Whose scan it is, by every name that is known, and the rows of his cases.

        A patient is known as asked, as in the header, and as the archive calls whoever a file of
        the same bytes belongs to. A case that holds such a file is his, also where nobody is named.
        """
        names = [" ".join(asked.patient_id.split())]
        same: Sequence[str] = ()
        if described is not None:
            names.append(described.header.patient_id)
            same = described.sha256
        cases, known = self.index.cases_of_files(same)
        patients = tuple(dict.fromkeys(filter(None, [*names, *known])))
        return patients, self.index.rows_of(patients, cases)

    def _hits(self, vector: FloatImage, count: int, allowed: Mask) -> tuple[Hit, ...]:
        ranked = self.index.ranker.nearest(vector, count, allowed)
        return tuple(self._hit(vector, place, one) for place, one in enumerate(ranked, start=1))

    def _hit(self, vector: FloatImage, rank: int, ranked: Ranked) -> Hit:
        ranker = self.index.ranker
        given = ranker.contributions(vector, ranked, self.index.blocks)
        return self.index.hit(rank, ranked, ranker.best_row(vector, ranked), given)

    def _labelled(self, vector: FloatImage, allowed: Mask) -> Neighbours:
        """The nearest labelled cases of other patients, as many as the head wants to see."""
        index = self.index
        count = index.heads.diagnosis.k
        near = index.ranker.nearest(vector, count, allowed & index.labelled_mask())
        return Neighbours(
            scores=np.array([one.score for one in near], np.float32),
            labels=[index.labels[one.case] for one in near],
        )

    def _diagnosis(
        self,
        near: Neighbours | None,
        described: "Described | None",
        asked: Query,
        about: Circumstances,
    ) -> Diagnosis:
        """From the nearest labelled cases of other patients, and from the scan itself.

        Words alone are no scan: they find cases, but suggest no diagnosis. Nor can cases that were
        chosen by their diagnosis speak for one.
        """
        if described is None or near is None:
            return withheld("words", "words were searched for, not a scan")
        if DIAGNOSTIC_COLUMNS & set(self.index.columns_of(asked.where)):
            reason = "the filter chooses cases by their diagnosis, so they cannot speak for one"
            return withheld("filter", reason)
        if not about.found:
            return withheld("filter", "no case fits the filter")
        middle = len(described.slices) // 2  # an archive's case is fitted by its middle instance
        known = Asked(
            quality=described.quality,
            features={name: block[middle] for name, block in described.blocks.items()},
            modality=described.header.modality,
            body_part=described.header.body_part,
            archive=self.index.kinds,
            as_fitted=about.as_fitted,
            coverage=asked.coverage,
        )
        return suggest(near, self.index.heads.diagnosis, known)

    def _against(
        self, vector: FloatImage, allowed: Mask, leading: str | None, hits: Sequence[Hit]
    ) -> Hit | None:
        """The nearest case with another label than the leading one, however far it is."""
        if leading is None:
            return None
        other = allowed & self.index.label_mask(leading)
        for ranked in self.index.ranker.nearest(vector, 1, other):
            found = self._hit(vector, 0, ranked)
            return next((hit for hit in hits if hit.case_id == found.case_id), found)
        return None

    def previews(self, hits: Sequence[Hit]) -> dict[int, bytes]:
        """The hits' small pictures (JPEG), by `Hit.instance`."""
        return self.index.store.preview([hit.instance for hit in hits])

    def why(self, asked: Query, answer: Answer) -> dict[str, "Why"]:
        """What made the first hits of an answer similar: words and places, by `Hit.case_id`.

        It looks at the scan again and at the hits' previews, so it takes longer than the search.
        """
        from retrieval.why import explain

        return explain(self.index, self._scans, asked, answer)


def _query_facts(
    asked: Query,
    described: "Described | None",
    patients: tuple[str, ...],
    weights: dict[str, float],
) -> QueryFacts:
    facts = QueryFacts(
        path=None if asked.scan is None else str(asked.scan),
        text=asked.text,
        patient_id=next(iter(patients), ""),
        weights=weights,
        where=asked.where,
    )
    if described is None:
        return facts
    return replace(
        facts,
        modality=described.header.modality,
        body_part=described.header.body_part,
        quality=described.quality,
        segmentation=described.segmentation,
        preview=described.previews[len(described.previews) // 2],
    )
