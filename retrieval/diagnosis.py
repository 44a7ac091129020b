"""What the nearest cases and the scan itself suggest: a differential, or why there is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from indexer.quality import code_of
from models.arrays import FloatImage
from models.heads import DiagnosisHead
from models.heads.conformal import COVERAGE
from retrieval.answer import Diagnosis, Precedent, Unlikeness
from retrieval.kinds import Kinds

SET_REACHES = 0.9
"""Where an archive is too small for sets that keep a promise, the differential is the smallest set
of labels that together are at least this probable."""

UNFIT = {
    "blank": "the scan shows nothing that could be compared",
    "inverted": "the scan's grey levels are the wrong way round",
    "rotated": "the scan is rotated",
}
"""Codes of findings on the scan (`indexer.quality`), and what they mean for an answer: unless that
was mended, such a scan gets no suggestion."""

_MENDED = "(mended"
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The nearest cases of other patients, best first: at least as many as the head's `k`.

    `scores`: float32 (n,). `labels`: n names, empty where a case has none.
    """

    scores: FloatImage
    labels: Sequence[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the scan and of the question.

    `quality`: the findings about the scan, as texts. `features`: its blocks, each float32 (dim,).
    `modality`, `body_part`: as its header says, or empty. `archive`: what the labelled cases are
    of. `as_fitted`: whether the scores are of the kind that the head was fitted on. `coverage`: how
    often the set of labels should hold the true one.
    """

    quality: Sequence[str] = ()
    features: Mapping[str, FloatImage] | None = None
    modality: str = ""
    body_part: str = ""
    archive: Kinds = field(default_factory=Kinds)
    as_fitted: bool = True
    coverage: float = COVERAGE


def suggest(neighbours: Neighbours, head: DiagnosisHead | None, asked: Asked) -> Diagnosis:
    """The diagnosis that `head` draws, or an abstention with its reason.

    `head`: None where the index has none. An abstention because labels cannot be told apart keeps
    their probabilities. Any other has the shares of the labels in the archive, since nothing that
    was seen speaks for any of them; without a labelled case there are none.
    """
    told = ((code, rule(neighbours, head, asked)) for code, rule in RULES.items())
    code, reason = next(((code, why) for code, why in told if why), ("", None))
    if head is None or not head.classes:
        return withheld(code, reason)
    found = _found(neighbours, head, asked)
    if reason:
        nothing = replace(found, probabilities=_ranked(head.shares), set=(), neighbours=0)
        nothing = replace(nothing, atypical=False, coverage=None)
        return withheld(code, reason, nothing)
    undecided = _undecided(found, head)
    if undecided:
        return withheld(UNDECIDED, undecided, found)
    return replace(found, precedent=_precedent(found, head, asked))


def withheld(code: str, reason: str | None, found: Diagnosis | None = None) -> Diagnosis:
    """An abstention: `found`, if anything was, without its label."""
    empty = found or Diagnosis(None, {})
    return replace(empty, label=None, abstained=True, reason=reason, code=code)


def leading(diagnosis: Diagnosis, near: Neighbours | None) -> str | None:
    """The label that a case may speak against: the suggested one, or the nearest case's.

    The latter where labels could not be told apart; None where nothing was seen to speak for any.
    """
    if diagnosis.label is not None or near is None or not diagnosis.set:
        return diagnosis.label
    return next(filter(None, near.labels), None)


def _found(neighbours: Neighbours, head: DiagnosisHead, asked: Asked) -> Diagnosis:
    """The answer as it would be if nothing spoke against giving one."""
    ranked = _ranked(head.probabilities(neighbours.scores, neighbours.labels, asked.features))
    label = next(iter(ranked))
    promised = head.sets is not None and head.sets.holds(asked.coverage)
    held = not_ruled_out(head, ranked, asked.coverage)
    checked = head.calibration if asked.as_fitted else None
    return Diagnosis(
        label=label,
        probabilities=ranked,
        set=with_first(ranked, held),
        neighbours=min(head.k, sum(map(bool, neighbours.labels))),
        coverage=asked.coverage if promised and asked.as_fitted else None,
        atypical=not held,
        unlikeness=_unlikeness(head, asked),
        judged=checked.cases if checked else 0,
        calibration_error=checked.ece if checked else None,
        note=head.note,
        forced=ranked,
    )


def not_ruled_out(
    head: DiagnosisHead, ranked: Mapping[str, float], coverage: float
) -> tuple[str, ...]:
    """The labels that cannot be ruled out, the most probable first; may be none.

    `ranked`: probabilities, the highest first.
    """
    return head.sets.of(ranked, coverage) if head.sets is not None else _differential(ranked)


def with_first(ranked: Mapping[str, float], held: Sequence[str]) -> tuple[str, ...]:
    """`held` with the most probable label, which whoever reads it must not find ruled out.

    A larger set keeps its promise too.
    """
    first = next(iter(ranked))
    return tuple(name for name in ranked if name in held or name == first)


Rule = Callable[[Neighbours, DiagnosisHead | None, Asked], str | None]
"""Why no label is given, or None if this rule has nothing against one."""


def _unfit(neighbours: Neighbours, head: DiagnosisHead | None, asked: Asked) -> str | None:
    for remark in asked.quality:
        why = UNFIT.get(code_of(remark))
        if why and _MENDED not in remark:
            return f"{why} ({remark})"
    return None


def _nothing_to_weigh(
    neighbours: Neighbours, head: DiagnosisHead | None, asked: Asked
) -> str | None:
    if head is None or not head.classes:
        return "no case of the index has a label"
    if len(head.classes) == 1:
        return f"all labelled cases of the index are {head.classes[0]}: there is nothing to weigh"
    if head.k and not any(neighbours.labels):
        return "none of the nearest cases has a label"
    return None


def _another_kind(neighbours: Neighbours, head: DiagnosisHead | None, asked: Asked) -> str | None:
    return asked.archive.without(asked.modality, asked.body_part)


def _unlike(neighbours: Neighbours, head: DiagnosisHead | None, asked: Asked) -> str | None:
    found = head and _unlikeness(head, asked)
    if not found or found.value <= found.threshold:
        return None
    return (
        "the scan is unlike those of the archive: it is "
        f"{found.value / found.threshold:.1f} times as far from them as 99 of 100 of the "
        "archive's own scans are at most"
    )


def _too_far(neighbours: Neighbours, head: DiagnosisHead | None, asked: Asked) -> str | None:
    if head is None or not asked.as_fitted or not len(neighbours.scores):
        return None
    nearest = float(neighbours.scores[0])
    if nearest >= head.floor:
        return None
    return (
        f"nothing is close: the nearest case scores {nearest:.2f}, and 99 of 100 cases of the "
        f"archive have one of {head.floor:.2f} or more"
    )


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "quality": _unfit,
        "labels": _nothing_to_weigh,
        "kind": _another_kind,
        "novelty": _unlike,
        "distance": _too_far,
    }
)
"""By code: why nothing that was seen may speak for a label. The first that holds is said."""

UNDECIDED = "undecided"
"""The code of an abstention because labels cannot be told apart."""


def _undecided(found: Diagnosis, head: DiagnosisHead) -> str | None:
    """Why the labels cannot be told apart, or None if one leads clearly enough."""
    if head.calibration is None or len(found.probabilities) < 2:
        return None
    first, second = list(found.probabilities.items())[:2]
    if first[1] >= head.calibration.unsure_below:
        return None
    return (
        f"what was found speaks for {first[0]} ({100 * first[1]:.0f} %) and for {second[0]} "
        f"({100 * second[1]:.0f} %); on this archive, suggestions with less than "
        f"{100 * head.calibration.unsure_below:.0f} % were wrong more than once in three times"
    )


def _unlikeness(head: DiagnosisHead, asked: Asked) -> Unlikeness | None:
    if head.novelty is None or asked.features is None:
        return None
    return Unlikeness(head.novelty.value(asked.features), head.novelty.threshold)


def _precedent(found: Diagnosis, head: DiagnosisHead, asked: Asked) -> Precedent | None:
    """What became of the archive's own cases that got such an answer."""
    if head.calibration is None or found.label is None or not asked.as_fitted:
        return None
    like = head.calibration.like(found.label, found.probabilities[found.label])
    return None if like is None else Precedent(like.label, like.cases, like.right)


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
