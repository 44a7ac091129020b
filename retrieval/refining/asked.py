"""What is asked beyond a scan and words: checked, and made into what a search needs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from models.arrays import FloatImage, Mask
from models.errors import UsageError
from models.table import load
from retrieval.answer import Diagnosis
from retrieval.diagnosis import withheld
from retrieval.index import OpenIndex
from retrieval.refining import WAYS
from retrieval.refining.diagnosis import SHARE
from retrieval.refining.marks import Marks
from retrieval.refining.ranking import Ranking
from retrieval.refining.similarity import BySimilarity
from retrieval.refining.spread import spread

if TYPE_CHECKING:
    from retrieval.query import Query

Blocks = Mapping[str, FloatImage]
WAY = "way to refine"


def check_asked(asked: "Query") -> None:
    """Raises `UsageError` where nothing is asked, or what does not go together."""
    if asked.scan is None and not asked.text.strip() and not asked.like:
        raise UsageError("nothing was asked: give a scan, --text, or both, or --like")
    if asked.k < 1:
        raise UsageError(f"k is {asked.k}; it is at least 1")
    if not 0.5 <= asked.coverage <= 0.99:
        raise UsageError(f"coverage is {asked.coverage}; it is a number from 0.5 to 0.99")
    if asked.refine:
        load(WAYS, asked.refine, WAY)
    if asked.refine and asked.scan is None:
        raise UsageError(f"refining by {asked.refine} needs a scan: only a scan gets a suggestion")
    if asked.spread and (asked.scan is not None or asked.like or not asked.text.strip()):
        raise UsageError("--spread is for words alone: give --text, and no scan or --like")
    if asked.scan is None and not asked.like and asked.unlike:
        raise UsageError("--unlike needs a scan or --like: less like a case than what?")


def scanless(
    index: OpenIndex, asked: "Query", blocks: Blocks, marks: Marks, allowed: Mask
) -> tuple[dict[str, FloatImage], tuple[str, ...]]:
    """The blocks of a question without a scan, and remarks. `blocks`: (1, dim), words alone as yet.

    The first liked case asks with all its pictures; or, where words should spread, what they look
    like does. `allowed`: bool (rows,), which may teach what words look like.
    """
    if asked.scan is None and marks.like:
        return _of_case(index, marks.like[0], blocks), ()
    if not asked.spread:
        return dict(blocks), ()
    found = spread(index.ranker, index.blocks, blocks["text"], index.annotated & allowed)
    if not found.cases:
        said = "no case's text matches the words well, so nothing tells what they look like"
        return dict(blocks), (said,)
    said = (
        f"the part `spread` says how much a case looks like the {found.cases} whose texts match "
        "best; that no text of a case was found does not make this an annotation"
    )
    return {**blocks, **found.blocks}, (said,)


def _of_case(index: OpenIndex, case: int, blocks: Blocks) -> dict[str, FloatImage]:
    """The blocks of a case's pictures, float32 (pictures, dim); words go before its report."""
    stored = index.ranker.stored(index.ranker.rows_of([case]))
    own = {name: np.ascontiguousarray(stored[:, at]) for name, at in index.blocks.items()}
    if blocks["text"].any():
        own["text"] = np.repeat(blocks["text"], len(stored), axis=0)
    return own


def no_diagnosis(asked: "Query") -> Diagnosis:
    """What there is to say of a diagnosis where there is no scan."""
    if asked.like:
        return withheld("case", "a case of the archive was asked with, whose diagnosis is known")
    return withheld("words", "words were searched for, not a scan")


def own_of(index: OpenIndex, asked: "Query", marks: Marks) -> Mask:
    """The rows of the liked cases' patients, by every name that is known: bool (rows,).

    Where such cases ask themselves, none of their patients may answer; a scan has its own patient.
    """
    if asked.scan is not None:
        return np.zeros(len(index.facts), bool)
    rows = index.ranker.rows_of(marks.like)
    facts = index.facts.select(["patient_id", "header_patient_id"]).take(rows).to_pylist()
    names = {name for row in facts for name in row.values() if name}
    return index.rows_of(sorted(names), [index.case_ids[case] for case in marks.like])


def refined(
    name: str, plain: BySimilarity, diagnosis: Diagnosis, index: OpenIndex
) -> tuple[Ranking, tuple[str, ...]]:
    """What cases are ranked by, and what a reader should know of it.

    By similarity, as without, where no label is suggested: there is nothing to refine by.
    """
    if diagnosis.label is None:
        return plain, (f"not refined by {name}, since no label is suggested for this scan",)
    ranking: Ranking = load(WAYS, name, WAY).of(plain, diagnosis.probabilities, tuple(index.labels))
    return ranking, (
        f"{SHARE:.0%} of each score is how probable the suggestion makes the case's own label: "
        "that the hits agree with the suggestion does not speak for it",
    )
