"""What an archive's owner should look at: faults and remarks, one check a file.

A check is a function of the index and of what the checks before it have found (`Check`). It changes
nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from indexer.check.material import Material


@dataclass(frozen=True, slots=True)
class Film:
    """One scan that a finding is about.

    `row`: its instance in the index, whose preview shows it; None for a file that was not taken.
    """

    path: str
    patient_id: str = ""
    label: str = ""
    case_id: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    `code`: a stable word, see `KINDS` and the codes of `indexer.quality`. `films`: what it is
    about; of duplicates all that are one. `score`: how sure, or how alike, where that is measured;
    a greater one is surer.
    """

    code: str
    sentence: str
    films: tuple[Film, ...]
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What one check gives. `not_done`: what it could not look at, and why, as sentences."""

    findings: tuple[Finding, ...] = ()
    not_done: tuple[str, ...] = ()


Check = Callable[["Material", Sequence[Finding]], Found]


@dataclass(frozen=True, slots=True)
class Kind:
    """What findings of one code are called, and what to do about them. `fault`: not a remark."""

    title: str
    advice: str
    fault: bool = True


REJECTED = "rejected"
ROTATED, INVERTED = "rotated", "inverted"
SAME_BYTES, SAME_PIXELS, NEAR_DUPLICATE = "same_bytes", "same_pixels", "near_duplicate"
TWO_PATIENTS, TWO_LABELS = "two_patients", "two_labels"
CONTRADICTING, CHANGING, DOUBTFUL = "contradicting_labels", "changing_labels", "doubtful_label"

KINDS = {
    REJECTED: Kind("Files that were not taken", "The sentence says what is wrong with each."),
    ROTATED: Kind("Turned", "Turn the file back, or leave it out: neighbours of it mean nothing."),
    INVERTED: Kind("Black for white", "Invert the file, or correct what its header says of it."),
    SAME_BYTES: Kind("The same file twice", "Only the first was taken. Keep one.", fault=False),
    SAME_PIXELS: Kind("The same picture in two files", "Keep one: each is found by the other."),
    NEAR_DUPLICATE: Kind(
        "Nearly the same picture",
        "The same film saved again, cut, brightened or marked. Look at both and keep one.",
    ),
    TWO_PATIENTS: Kind(
        "One film under two patients",
        "Correct whose film it is: until then a patient can answer for himself.",
    ),
    TWO_LABELS: Kind("One film under two labels", "At most one of the labels is right."),
    CONTRADICTING: Kind(
        "Cases with contradicting labels",
        "One study of one patient has two labels. It is taken as unlabelled until that is settled.",
    ),
    CHANGING: Kind(
        "Patients whose label changes",
        "His studies have different labels. A disease comes and goes, so this may well be right.",
        fault=False,
    ),
    DOUBTFUL: Kind(
        "Labels that nothing supports",
        "Read these again. Many are wrong labels; the others are cases unlike the rest.",
        fault=False,
    ),
}
"""The codes of the checks here, in the order in which they are shown."""


def kind_of(code: str) -> Kind:
    """What a code is called; a code of `indexer.quality` by itself."""
    return KINDS.get(code) or Kind(code.replace("_", " ").capitalize(), "")
