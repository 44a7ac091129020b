"""Feedback, simulated: the first ten cases are marked by whether they have the query's label.

What is measured is the rest of the list, without the ten (the residual collection): in its old
order, moved by Rocchio's formula, and by a small classifier, a ridge regression on the marked cases
and on some that nobody looked at, which count as faintly wrong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.refining_search import Asking, Refining
from benchmarks.refining_seen import unit_blocks
from benchmarks.refining_trial import Trial
from models.arrays import FloatImage, Mask
from models.measures.paired import difference
from models.measures.ranked import Rankings
from models.measures.ranked.average_precision import average_precision
from retrieval.evaluation.questions import Question
from retrieval.refining.marks import columns_of, moved, some_of

MARKED = 10

Moves = Callable[["Marking"], FloatImage]


@dataclass(frozen=True, slots=True)
class Marking:
    """A query whose first cases were marked: those liked, others, and some that nobody looked at.

    Float32 (n, dim) each.
    """

    asking: Asking
    liked: FloatImage
    others: FloatImage
    unseen: FloatImage


def rocchio(liked: float, others: float) -> Moves:
    """Rocchio 1971: q + liked * mean of the liked - others * mean of the others.

    Each block is scaled to length 1; one that the query lacks stays away.
    """

    def moves(told: Marking) -> FloatImage:
        found = told.asking.query.copy()
        for count, cases in ((liked, told.liked), (-others, told.others)):
            if len(cases):
                found += np.float32(count) * cases.mean(axis=0)
        for inside in told.asking.blocks.values():
            found[:, inside] *= told.asking.query[:, inside].any()
        unit = unit_blocks(found, told.asking.blocks)
        return Asking(unit, told.asking.weights, told.asking.blocks).vector

    return moves


def ridge(strength: float, share: float) -> Moves:
    """The product's way (`retrieval.refining.marks`)."""

    def moves(told: Marking) -> FloatImage:
        vector = told.asking.vector
        columns = columns_of(told.asking.weights, told.asking.blocks, vector)
        return moved(vector, columns, (told.liked, told.others, told.unseen), (strength, share))

    return moves


FORMS: Mapping[str, Mapping[str, Moves]] = {
    "Rocchio": {
        f"liked {liked}, others {others}": rocchio(liked, others)
        for liked in (0.5, 1.0, 2.0)
        for others in (0.0, 0.25, 0.5, 1.0)
    },
    "ridge regression": {
        f"strength {strength}, share {share}": ridge(strength, share)
        for strength in (0.1, 0.3, 1.0, 3.0)
        for share in (0.3, 1.0, 3.0, 10.0)
    },
}


def average_precisions(told: Trial, moves: Moves | None) -> np.ndarray:
    """Of each question, of what is left when the first ten are marked; NaN if nothing relevant is.

    `moves`: None: the old order.
    """
    system = Refining(told.base, None, told.people)
    labelled = told.index.labelled_mask()
    found = [
        _one(system, told, question, labelled & ~question.own, moves) for question in told.asked
    ]
    return np.array(found)


def _one(
    system: Refining, told: Trial, question: Question, allowed: Mask, moves: Moves | None
) -> float:
    asking = system.asking(question)
    if asking is None:
        return float("nan")
    ranker, labels = system.ranker(question), np.asarray(told.index.labels)
    first = ranker.nearest(asking.vector, MARKED, allowed)
    cases = np.array([one.case for one in first], np.int64)
    rest = allowed & ~np.isin(ranker.case_of_row, cases)
    vector = asking.vector
    if moves is not None and first:
        liked = labels[cases] == question.label
        vectors = ranker.vectors(first).mean(axis=1)
        unseen = ranker.stored(some_of(rest))
        vector = moves(Marking(asking, vectors[liked], vectors[~liked], unseen))
    order = ranker.order(vector, rest)
    relevant = (labels[order] == question.label).astype(np.intp)
    if not relevant.any():
        return float("nan")
    rankings = Rankings(relevant[None], np.ones(1, np.intp), np.array([relevant.sum()], np.intp))
    return float(average_precision(rankings)[0])


def chosen(told: Trial) -> dict[str, str]:
    """The form of each kind with the highest mean on these questions."""
    found = {}
    for kind, forms in FORMS.items():
        means = {form: np.nanmean(average_precisions(told, one)) for form, one in forms.items()}
        found[kind] = max(means, key=lambda form: float(means[form]))
    return found


def table(told: Trial, forms: Mapping[str, str]) -> tuple[str, Any]:
    """The figures of the old order and of each kind in its form."""
    plain = average_precisions(told, None)
    lines = list(_head(plain))
    figures: list[dict[str, Any]] = [{"way": "old order", "mAP": float(np.nanmean(plain))}]
    for kind, form in forms.items():
        values = average_precisions(told, FORMS[kind][form])
        gain = difference(values, plain, told.patients)
        mean = float(np.nanmean(values))
        one = gain.interval
        said = f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f}), p {gain.p:.4f}"
        lines.append(f"| {kind} | {form} | {mean:.3f} | {said} |")
        figures.append({"way": kind, "form": form, "mAP": mean, "gain": one.value, "p": gain.p})
    return "\n".join(lines), figures


def _head(plain: Sequence[float] | np.ndarray) -> Iterator[str]:
    yield f"### marks: what is left of the list when the first {MARKED} are marked"
    yield ""
    yield "| | form | mAP of the rest | gain |"
    yield "|---|---|---|---|"
    yield f"| old order | | {np.nanmean(plain):.3f} | |"
