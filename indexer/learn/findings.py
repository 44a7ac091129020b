"""What an archive says of its films' findings: words in the column `findings`, and labels.

A row's findings are a list of names, parted by ";", such as "Effusion; Infiltration". Three rules:

1. A row that lists findings has those, and has none of the others that rows of the archive list.
   "No Finding" lists none of them. A row with free text, or with nothing, says nothing of them;
   a single name that rows of one patient alone have, and that is no label, is free text too
   ("Clear lungs").
2. A label is a finding too: a labelled film has its own and none of the other labels, as far as
   rule 1 does not say otherwise.
3. A film whose label says that it is normal, and whose row lists nothing, has none of all findings.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatImage

NORMAL = frozenset({"normal", "no finding", "no findings", "healthy", "unremarkable"})
"""Labels and findings that say that there is nothing, in any case of letters."""

_LONGEST, _MOST_WORDS = 40, 4
"""Characters and words of a name; anything longer makes the row free text."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of n films. `names`: f findings, as the archive writes them first.

    `truth`: float32 (n, f), 1 present, 0 absent, NaN not known.
    """

    names: tuple[str, ...]
    truth: FloatImage

    def patients(self, patients: Sequence[str]) -> dict[str, int]:
        """How many patients have each finding."""
        owners = np.asarray(patients, dtype=str)
        return {
            name: len(set(owners[self.truth[:, at] == 1])) for at, name in enumerate(self.names)
        }

    def only(self, names: Sequence[str]) -> "Known":
        """Some of the findings, in that order; one that nobody has ever noted is not known."""
        place = {name.casefold(): at for at, name in enumerate(self.names)}
        truth = np.full((len(self.truth), len(names)), np.nan, np.float32)
        for at, name in enumerate(names):
            if name.casefold() in place:
                truth[:, at] = self.truth[:, place[name.casefold()]]
        return Known(tuple(names), truth)


def known_findings(
    findings: Sequence[str], labels: Sequence[str], patients: Sequence[str]
) -> Known:
    """What the columns `findings` and `label` of n films say; see the rules above.

    `patients`: whose each film is.
    """
    listed = _recurring([_listed(text) for text in findings], labels, patients)
    names: dict[str, str] = {}
    for words in listed:
        names |= {word.casefold(): names.get(word.casefold(), word) for word in words or ()}
    in_lists = len(names)
    classes = {label.casefold() for label in labels} - NORMAL - {""}
    for label in labels:
        if label.casefold() in classes:
            names.setdefault(label.casefold(), label)
    place = {name: at for at, name in enumerate(names)}
    truth = np.full((len(labels), len(names)), np.nan, np.float32)
    for row, (words, label) in enumerate(zip(listed, labels, strict=True)):
        said = label.casefold()
        if said:
            truth[row, [place[name] for name in classes]] = 0
        if said in classes:
            truth[row, place[said]] = 1
        elif said in NORMAL and words is None:
            truth[row] = 0
        if words is not None:
            truth[row, :in_lists] = 0
            truth[row, [place[word.casefold()] for word in words]] = 1
    order = sorted(range(len(names)), key=list(names).__getitem__)
    spelled = tuple(names.values())
    return Known(tuple(spelled[at] for at in order), truth[:, order])


def _recurring(
    listed: Sequence[tuple[str, ...] | None], labels: Sequence[str], patients: Sequence[str]
) -> list[tuple[str, ...] | None]:
    """Without the rows that are one name which only one patient has."""
    noted = {
        (word.casefold(), patient)
        for words, patient in zip(listed, patients, strict=True)
        for word in words or ()
    }
    owners = Counter(word for word, _ in noted)
    alone = {word for word, count in owners.items() if count == 1}
    alone -= {label.casefold() for label in labels}
    return [
        None if words and len(words) == 1 and words[0].casefold() in alone else words
        for words in listed
    ]


def _listed(text: str) -> tuple[str, ...] | None:
    """The names that a row lists, none of them if it says so; None if it says nothing or more."""
    pieces = [" ".join(piece.split()) for piece in text.split(";")]
    pieces = [piece for piece in pieces if piece]
    if not pieces or any(len(p) > _LONGEST or len(p.split()) > _MOST_WORDS for p in pieces):
        return None
    return tuple(dict.fromkeys(piece for piece in pieces if piece.casefold() not in NORMAL))
