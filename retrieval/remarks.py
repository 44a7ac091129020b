"""What a person has to know of an answer before he believes it."""

from collections.abc import Mapping
from dataclasses import dataclass

DIAGNOSTIC_COLUMNS = frozenset({"label", "findings"})
"""A filter on these chooses the cases by their diagnosis."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How an answer came about.

    `scan`: whether one was given. `weights`: those that were used, sum 1. `words`: what was asked
    for, `own_weights`: whether the index's own weights held, `filtered`: whether there was a
    filter. `named`: the patient that the asker named. `patients`: every name by which the patient
    is known. `own`: how many cases of his the index has. `wanted` and `found`: cases. `several`:
    whether the query, or many a labelled case, has several pictures. `by_ranks`: whether the hits
    are ordered by ranks rather than by their scores.
    """

    scan: bool
    weights: Mapping[str, float]
    words: str
    own_weights: bool
    filtered: bool
    named: str
    patients: tuple[str, ...]
    own: int
    wanted: int
    found: int
    several: bool = False
    by_ranks: bool = False

    @property
    def as_fitted(self) -> bool:
        """Whether the scores are of the kind that the probabilities were fitted on."""
        return self._as_asked and not self.several

    @property
    def _as_asked(self) -> bool:
        return self.own_weights and not self.filtered and not self.weights.get("text")


def remarks_of(about: Circumstances) -> tuple[str, ...]:
    """The remarks, as sentences."""
    found = []
    if about.scan and not about.patients:
        found.append(
            "the query names no patient, so a study of the same patient may be among the hits"
        )
    if about.named and not about.own:
        found.append("the index knows no patient of the name that was given: nobody is set apart")
    if about.words and not about.weights.get("text"):
        found.append("none of the words counted: they do not occur in the archive's texts")
    if about.scan and about.several:
        found.append(
            "the probabilities were fitted on one picture of each case, and cases here have "
            "several, all of which are searched; they are a rougher guide"
        )
    elif about.scan and not about.as_fitted:
        found.append(
            "the probabilities were fitted for scans alone, among all cases, with the index's own "
            "weights; with words, a filter or other weights they are a rougher guide"
        )
    if about.by_ranks:
        found.append(
            "the cases are ordered by joined ranks; the scores beside them are mean likenesses, "
            "and need not fall from one to the next"
        )
    if about.found < about.wanted:
        found.append(
            f"only {about.found} of {about.wanted} cases: there are no others to choose from"
        )
    return tuple(found)
