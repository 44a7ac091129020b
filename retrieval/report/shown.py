"""Texts of unknown origin made fit to be shown.

What stands in a header or a manifest was written by anybody. Control characters can steer a
terminal, and direction marks (bidi) can make a line read as something else (Boucher and Anderson
2021, Trojan Source): both are shown by number instead of being obeyed.
"""

import math
import unicodedata

from retrieval.answer import Place, QueryFacts

_KEPT = frozenset("\n\t\u200c\u200d")  # the joiners belong to the spelling of some scripts
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def visible(text: str) -> str:
    """`text` with every character that would not be seen, or would move others, as ⟨U+202E⟩."""
    if text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(character):04X}⟩"
        if character not in _KEPT and unicodedata.category(character) in _HIDDEN
        else character
        for character in text
    )


def one_line(text: str) -> str:
    """`text`, visible, with every run of white space as one space."""
    return visible(" ".join(text.split()))


def beyond(query: QueryFacts) -> list[tuple[str, str]]:
    """What was asked beyond a scan, words and a filter: a heading and a text each."""
    said = [("Like", name) for name in query.like] + [("Unlike", name) for name in query.unlike]
    if query.region is not None:
        said.append(("Region", region_of(query.region)))
    if query.refine:
        said.append(("Refined", f"by {query.refine}"))
    return said


def region_of(place: Place) -> str:
    """A box, as `--region` takes it; of a mask, the box around it."""
    box = list(place.box)
    if place.slices is not None:
        box = [*box[:2], place.slices[0], *box[2:], place.slices[1]]
    said = ",".join(map(str, box))
    return f"around {said} ({place.mask})" if place.mask else said


def machine_made(annotated_by: str) -> str:
    """How a text that models wrote is marked wherever it is shown; empty for a person's."""
    return f"machine-made by {annotated_by}" if annotated_by else ""


def age(years: float | None) -> str:
    """An age as it is said: ``47 y``, below two years ``8 mo``; empty where it is not known."""
    if years is None or not math.isfinite(years):
        return ""
    return f"{years:.0f} y" if years >= 2 else f"{years * 12:.0f} mo"


def percent(share: float) -> str:
    """A probability: ``83 %``; never 0 or 100, which it never is."""
    if share > 0.99:
        return ">99 %"
    if share < 0.01:
        return "<1 %"
    return f"{share * 100:.0f} %"
