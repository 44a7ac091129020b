"""Why a hit was found, beyond how much each descriptor gave: the words and the places.

The exact split over descriptors is `Hit.contributions`; here those of text and embedding are split
further, over words (`retrieval.why_words`) and over places (`retrieval.why_places`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models.arrays import FloatImage
from retrieval.answer import Answer, Hit
from retrieval.index import OpenIndex
from retrieval.scans import ScanReader
from retrieval.why_places import Looked, Places, look, places_of
from retrieval.why_words import Words, words_of

if TYPE_CHECKING:
    from indexer.seen import Seen
    from retrieval.search import Query

MOST = 20
"""Hits, from the first on, that are looked at: each costs as much as a query or more."""

UNLIKE = 0.95
"""Cosine of the preview's embedding and that in the index below which an answer says so."""

MEAN_OF = 1000
"""Instances, evenly spaced, that stand for the archive's mean case."""

NO_PREVIEW = "no map of the hit: its preview is missing or cannot be decoded"
NOTHING = "no map: a picture without an embedding, or the embedding has no weight"
REGION = "the encoder saw a region of the query; it alone is shown"
OTHER = (
    "the hit's map is of its preview, which the encoder takes for another picture than the film "
    "that was indexed: read it with care"
)


@dataclass(frozen=True, slots=True)
class Why:
    """What made one hit similar.

    `query`, `hit`: the map over each picture, where there is one. `query_slice`: of a volume, the
    slice that is nearest to the hit (whose own is `Hit.slice_index`). `query_film`: the query's
    picture that the map lies over, a JPEG or a PNG. `preview_alike`: cosine of the embedding of the
    hit's preview, which its map is of, and of that in the index. `notes`: what a reader has to
    know.
    """

    words: Words
    query: Places | None = None
    hit: Places | None = None
    query_slice: int | None = None
    query_film: bytes = b""
    preview_alike: float | None = None
    notes: tuple[str, ...] = ()


def explain(index: OpenIndex, scans: ScanReader, asked: "Query", answer: Answer) -> dict[str, Why]:
    """What made the first hits of an answer similar, by `Hit.case_id`.

    Raises `UnreadableScan` if the scan has gone meanwhile.
    """
    against = (answer.against,) if answer.against and not answer.against.rank else ()
    hits = (*answer.hits[:MOST], *against)
    if not hits:
        return {}
    vectors = index.ranker.stored([hit.instance for hit in hits])
    weights = answer.query.weights
    inside = index.blocks["text"]
    found = [
        Why(words_of(index.heads.text, asked.text, hit.findings, vector[inside], weights["text"]))
        for hit, vector in zip(hits, vectors, strict=True)
    ]
    if asked.scan is not None:
        pairs = _Pairs(index, scans, scans.seen(asked.scan, index), weights)
        found = pairs.shown(found, hits, vectors)
    return {hit.case_id: why for hit, why in zip(hits, found, strict=True)}


def _mean_embedding(index: OpenIndex) -> FloatImage:
    count = len(index.facts)
    rows = sorted({at * count // MEAN_OF for at in range(MEAN_OF)})
    vectors = index.ranker.stored(rows)[:, index.blocks["embedding"]]
    return np.asarray(vectors.mean(axis=0), np.float32)


class _Pairs:
    """The query's pictures beside those of hits."""

    def __init__(
        self, index: OpenIndex, scans: ScanReader, seen: "Seen", weights: Mapping[str, float]
    ) -> None:
        self._index, self._scans, self._seen, self._weights = index, scans, seen, weights
        self._encoder = scans.encoder(index)
        features = seen.histograms | {"embedding": self._encoder.encode(seen.pictures)}
        self._blocks = features | index.learned_block(features)
        self._mean = _mean_embedding(index)

    def shown(self, found: Sequence[Why], hits: Sequence[Hit], vectors: FloatImage) -> list[Why]:
        """Each `Why` with the maps over query and hit; `vectors`: of the hits' instances."""
        instances = [self._nearest(vector) for vector in vectors]
        asked = dict(zip(chosen := sorted(set(instances)), self._look(chosen), strict=True))
        answered = self._look_at_hits(hits)
        inside = self._index.blocks["embedding"]
        return [
            self._shown(why, at, asked[at], answered[number], vectors[number][inside])
            for number, (why, at) in enumerate(zip(found, instances, strict=True))
        ]

    def _nearest(self, vector: FloatImage) -> int:
        """Which of the query's instances is nearest to an indexed one, its words apart."""
        scores = sum(
            self._weights[name] * (block @ vector[self._index.blocks[name]])
            for name, block in self._blocks.items()
        )
        return int(np.argmax(scores))

    def _look(self, instances: Sequence[int]) -> list[Looked]:
        return look(self._encoder, [self._seen.pictures[at] for at in instances])

    def _look_at_hits(self, hits: Sequence[Hit]) -> list[Looked | None]:
        """At each hit's preview; None where there is none that can be decoded."""
        kept = self._index.store.preview([hit.instance for hit in hits])
        previews = [kept.get(hit.instance) or b"" for hit in hits]
        pictures = self._scans.seen_previews(previews, self._encoder.spec.size)
        looked = iter(look(self._encoder, [one for one in pictures if one is not None]))
        return [None if one is None else next(looked) for one in pictures]

    def _shown(
        self, why: Why, at: int, asked: Looked, hit: Looked | None, indexed: FloatImage
    ) -> Why:
        """`at`: the query's instance. `indexed`: the embedding of the hit in the index."""
        weight = self._weights["embedding"]
        over_query = places_of(self._encoder, asked, indexed, self._mean, weight)
        over_hit = None
        if hit is not None:
            over_hit = places_of(self._encoder, hit, asked.embedding, self._mean, weight)
        alike = None if hit is None else float(hit.embedding @ indexed)
        notes = {
            NOTHING: over_query is None,
            NO_PREVIEW: hit is None,
            OTHER: over_hit is not None and alike is not None and not alike >= UNLIKE,
            REGION: not self._seen.whole,
        }
        return replace(
            why,
            query=over_query,
            hit=over_hit,
            query_slice=None if self._seen.slices[at] < 0 else self._seen.slices[at],
            query_film=self._seen.film(at),
            preview_alike=alike,
            notes=tuple(note for note, told in notes.items() if told),
        )
