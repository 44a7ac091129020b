"""The engine: a scan, words or both in, an `Answer` out. The whole way of a query, on one screen.

describe -> weigh -> rank by case (the patient's own studies apart) -> diagnose -> Answer
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from indexer.commit import opened
from indexer.films import group_of
from indexer.region import Region
from models.arrays import FloatImage, Mask
from models.errors import UsageError
from retrieval import aggregation
from retrieval.answer import Answer, Diagnosis, Hit
from retrieval.diagnosis import Asked, Neighbours, leading, suggest, withheld
from retrieval.index import OpenIndex
from retrieval.query import Query, facts_of
from retrieval.ranking import Ranked
from retrieval.refining.asked import check_asked, no_diagnosis, own_of, refined, scanless
from retrieval.refining.marks import marks_of
from retrieval.refining.ranking import Ranking
from retrieval.refining.similarity import BySimilarity
from retrieval.refining.spread import BySpread
from retrieval.regional import NO_DIAGNOSIS, NO_WHY, ByRegion, check_regional
from retrieval.remarks import DIAGNOSTIC_COLUMNS, Circumstances, remarks_of
from retrieval.scans import ScanReader
from retrieval.weighing import check_weights, for_vote, scaled, weighted

if TYPE_CHECKING:
    from indexer.describe import Described
    from indexer.workers import WorkerPool
    from retrieval.why import Why

__all__ = ["Engine", "Query"]

PRIORS = 5
SEVERAL = 0.1
"""Where more of the labelled cases have several pictures, scores are not as they were fitted."""


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

    @classmethod
    def over(cls, index: OpenIndex, scans: ScanReader) -> Self:
        """An engine over what is open and started already; who opened them closes them."""
        engine = cls.__new__(cls)
        engine.index, engine._scans = index, scans
        return engine

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
        check_asked(asked)
        if asked.region is not None:
            return self._by_region(asked, began)
        check_weights(asked.weights, self.index.searched)
        how = aggregation.load(asked.aggregate)
        allowed = self.index.selected(asked.where)
        described = None if asked.scan is None else self.described(asked.scan, asked.slices)
        marks = marks_of(self.index.case_ids, asked.like, asked.unlike)
        blocks = self._blocks(described, asked.text)
        patients, own = self._own(asked, described)
        own = own | own_of(self.index, asked, marks)
        blocks, more = scanless(self.index, asked, blocks, marks, ~own)
        weights = scaled({**self.index.weights, **asked.weights}, blocks)
        ranker, others = self.index.ranker, allowed & ~own
        free = others & ~marks.rows(ranker)
        vector = weighted(blocks, weights)
        vector = marks.moved(ranker, vector, self.index.blocks, weights, free)
        plain = BySimilarity(ranker, vector, self.index.blocks, how)
        ranking: Ranking = BySpread(plain) if asked.spread else plain
        hits = self._hits(ranking, asked.k, free)
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
            by_ranks=how.among_all,
            several=described is not None
            and (len(described.slices) > 1 or self.index.several > SEVERAL),
        )
        near = None  # of cases that vote; marks say what to see, not what it is
        if described is not None:
            vote = for_vote(self.index.vote_weights, asked.weights, blocks)
            near = self._labelled(weighted(blocks, vote), others)
        diagnosis = self._diagnosis(near, described, asked, about)
        if asked.refine:
            ranking, more = refined(asked.refine, plain, diagnosis, self.index)
            hits = self._hits(ranking, asked.k, free)
        return Answer(
            index=self.index.told,
            query=facts_of(asked, described, patients, weights),
            hits=hits,
            priors=self._hits(ranking, PRIORS, own & ~marks.rows(ranker)),
            diagnosis=diagnosis,
            against=self._against(ranking, free, leading(diagnosis, near), hits),
            remarks=(*remarks_of(about), *more),
            seconds=time.perf_counter() - began,
        )

    def _by_region(self, asked: Query, began: float) -> Answer:
        """The cases with the most similar region; see `retrieval.regional`."""
        check_regional(asked, self.index)
        allowed = self.index.selected(asked.where)
        described = self.described(asked.scan, asked.slices, asked.region)
        patients, own = self._own(asked, described)
        ranking = ByRegion(self.index, described)
        hits = self._hits(ranking, asked.k, allowed & ~own)
        return Answer(
            index=self.index.told,
            query=facts_of(asked, described, patients, {}),
            hits=ranking.placed(hits),
            priors=ranking.placed(self._hits(ranking, PRIORS, own)),
            diagnosis=withheld("region", NO_DIAGNOSIS),
            remarks=ranking.remarks(asked, patients, int(own.sum()), len(hits)),
            seconds=time.perf_counter() - began,
        )

    def described(
        self, scan: Path | None, slices: int, region: Region | None = None
    ) -> "Described":
        """The scan in numbers, with a remark if it lies otherwise than the archive's films.

        Of a volume its middle instance is looked at, as it is in the archive. `region`: of it alone
        the cells are told. Raises `UnreadableScan` or `UsageError`.
        """
        if scan is None:
            raise UsageError("there is no scan to describe")
        described = self._scans.describe(scan, self.index, slices, region)
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

    def _hits(self, ranking: Ranking, count: int, allowed: Mask) -> tuple[Hit, ...]:
        ranked = ranking.nearest(count, allowed)
        return tuple(self._hit(ranking, place, one) for place, one in enumerate(ranked, start=1))

    def _hit(self, ranking: Ranking, rank: int, ranked: Ranked) -> Hit:
        given = ranking.contributions(ranked)
        return self.index.hit(rank, ranked, ranking.best_row(ranked), given)

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
            return no_diagnosis(asked)
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
        self, ranking: Ranking, allowed: Mask, leading: str | None, hits: Sequence[Hit]
    ) -> Hit | None:
        """The nearest case with another label than the leading one, however far it is."""
        if leading is None:
            return None
        for hit in hits:  # the nearest of all come first, so nothing else has to be searched
            if hit.label not in ("", leading):
                return hit
        other = allowed & self.index.label_mask(leading)
        for ranked in ranking.nearest(1, other):
            return self._hit(ranking, 0, ranked)
        return None

    def previews(self, hits: Sequence[Hit]) -> dict[int, bytes]:
        """The hits' small pictures (JPEG), by `Hit.instance`."""
        return self.index.store.preview([hit.instance for hit in hits])

    def why(self, asked: Query, answer: Answer) -> dict[str, "Why"]:
        """What made the first hits of an answer similar: words and places, by `Hit.case_id`.

        It looks at the scan again and at the hits' previews, so it takes longer than the search.
        """
        from retrieval.why import explain

        if asked.region is not None:
            raise UsageError(NO_WHY)

        return explain(self.index, self._scans, asked, answer)
