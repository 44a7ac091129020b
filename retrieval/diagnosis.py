"""What the nearest cases suggest: a differential with its probabilities, or why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.quality import code_of
from models.arrays import FloatImage
from models.heads import DiagnosisHead
from retrieval.answer import Diagnosis

SET_REACHES = 0.9
"""The differential is the smallest set of labels that together are at least this probable."""

BLANK = "blank"
"""The code of the finding that nothing can be seen on a scan (`indexer.quality`)."""

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest cases of other patients, best first: at least as many as the head's `k`.

    `scores`: float32 (n,). `labels`: n names, empty where a case has none.
    """

    scores: FloatImage
    labels: Sequence[str]


def suggest(
    neighbours: Neighbours,
    head: DiagnosisHead | None,
    quality: Sequence[str] = (),
    features: Mapping[str, FloatImage] | None = None,
    as_fitted: bool = True,
) -> Diagnosis:
    """The diagnosis that `head` draws from the neighbours, or an abstention with its reason.

    `head`: None where the index has none. `quality`: the findings about the scan, as texts.
    `features`: the query's blocks, each float32 (dim,), for a head that looks at the scan itself.
    `as_fitted`: whether the scores are of the kind that the head was fitted on, so that its floor
    holds.

    The probabilities of an abstention are the shares of the labels in the archive, since nothing
    that was seen speaks for any of them; without a labelled case there are none.
    """
    reason = _reason(neighbours, head, quality) or _distance(neighbours, head, as_fitted)
    if head is None or not head.classes:
        return Diagnosis(None, {}, abstained=True, reason=reason)
    if reason:
        shares = head.probabilities(neighbours.scores[:0], ())
        return Diagnosis(None, _ranked(shares), abstained=True, reason=reason)
    ranked = _ranked(head.probabilities(neighbours.scores, neighbours.labels, features))
    label = next(iter(ranked))
    return Diagnosis(
        label=label,
        probabilities=ranked,
        set=_differential(ranked),
        neighbours=min(head.k, sum(map(bool, neighbours.labels))),
    )


def _reason(
    neighbours: Neighbours, head: DiagnosisHead | None, quality: Sequence[str]
) -> str | None:
    """Why no label is given, or None if one is."""
    for remark in quality:
        if code_of(remark) == BLANK:
            return f"the scan shows nothing that could be compared ({remark})"
    if head is None or not head.classes:
        return "no case of the index has a label"
    if len(head.classes) == 1:
        return f"all labelled cases of the index are {head.classes[0]}: there is nothing to weigh"
    if head.k and not any(neighbours.labels):
        return "none of the nearest cases has a label"
    return None


def _distance(neighbours: Neighbours, head: DiagnosisHead | None, as_fitted: bool) -> str | None:
    """Why the nearest case is too far to speak for anything, or None if it is not."""
    if head is None or not as_fitted or not len(neighbours.scores):
        return None
    nearest = float(neighbours.scores[0])
    if nearest >= head.floor:
        return None
    return (
        f"nothing is close: the nearest case scores {nearest:.2f}, and 99 of 100 cases of the "
        f"archive have one of {head.floor:.2f} or more"
    )


def _ranked(probabilities: Mapping[str, float]) -> dict[str, float]:
    """The most probable first; by name where they are equal, so that answers repeat."""
    return dict(sorted(probabilities.items(), key=lambda item: (-item[1], item[0])))


def _differential(ranked: Mapping[str, float]) -> tuple[str, ...]:
    chosen, reached = [], 0.0
    for label, probability in ranked.items():
        chosen.append(label)
        reached += probability
        if reached >= SET_REACHES - _ROUNDING:
            break
    return tuple(chosen)
