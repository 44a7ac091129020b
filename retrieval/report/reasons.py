"""Why a hit was found, for a terminal, for a program and for the page."""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.arrays import FloatImage
from models.saliency.tint import DENSEST, FULL, SCALE, as_png, tint
from retrieval.answer import Hit
from retrieval.report.shown import one_line
from retrieval.why import Why
from retrieval.why_places import TAKEN, Check, Places

_DIGITS = 6
_PNG = b"\x89PNG"

LEGEND = (
    "Colour marks the places through which the network found the two pictures alike: none where a "
    f"place gave no more than the mean place, yellow where it gave {FULL:g} times as much or more. "
    "Upper row: all of the likeness; that is mostly where the network looks at all, and changes "
    "little from case to case. Lower row: what makes the two more alike than each is to the mean "
    "case. Neither shows disease. Point at a picture to see it without the colour."
)
"""What the colours mean, for a person."""


def as_object(why: Why) -> dict[str, Any]:
    """As what `json` can write; see docs/architecture.md."""
    return {
        "words": [{"term": word.term, "gave": _number(word.gave)} for word in why.words.matched],
        "other_words": _number(why.words.others),
        "query_map": _map(why.query),
        "hit_map": _map(why.hit),
        "query_slice": why.query_slice,
        "preview_alike": None if why.preview_alike is None else _number(why.preview_alike),
        "notes": list(why.notes),
    }


def _map(places: Places | None) -> dict[str, Any] | None:
    if places is None:
        return None
    rows, columns = places.given.shape
    check = places.check
    return {
        "rows": rows,
        "columns": columns,
        "way": places.way,
        "gave": _grid(places.given),
        "apart": _grid(places.apart),
        "check": {
            "taken": TAKEN,
            "whole": _number(check.whole),
            "without_marked": _number(check.without_marked),
            "without_random": _number(check.without_random),
        },
    }


def _grid(values: FloatImage) -> list[list[float | None]]:
    return [[_number(value) for value in row] for row in values.tolist()]


def _number(value: float) -> float | None:
    return round(value, _DIGITS) if math.isfinite(value) else None


def as_lines(hits: Sequence[Hit], why: Mapping[str, Why]) -> Iterator[str]:
    """What can be said in words, a line a hit and then its notes."""
    for hit in hits:
        found = why.get(hit.case_id)
        if found is None:
            continue
        said = [*_words(found), *(sentence for _, sentence in checks(found))]
        yield f"{hit.rank}  {'; '.join(said) or 'no word and no place can be named'}"
        yield from (f"   ! {note}" for note in found.notes)


def _words(why: Why) -> Iterator[str]:
    if why.words.matched:
        named = ", ".join(f"{one_line(w.term)} {w.gave:.2f}" for w in why.words.matched)
        yield f"words: {named}"


def checks(why: Why) -> Iterator[tuple[str, str]]:
    """Of each map, "query" or "hit" and what came of taking out what it marks."""
    for side, places in (("query", why.query), ("hit", why.hit)):
        if places is not None:
            yield side, _checked(side, places.check)


def _checked(side: str, check: Check) -> str:
    told = (
        f"{side}: embedding {check.whole:.3f}, without the marked quarter "
        f"{check.without_marked:.3f}, without random quarters {check.without_random:.3f}"
    )
    return told if check.holds else f"{told} (the marked places count no more than others here)"


def as_view(why: Why, preview: bytes) -> dict[str, Any]:
    """What the page shows of a hit: films under their tints, words, sentences.

    `preview`: of the hit, JPEG; empty where there is none.
    """
    films = [
        (title, film, places)
        for title, film, places in (
            (_slice("Query", why.query_slice), why.query_film, why.query),
            ("This case", preview, why.hit),
        )
        if film and places is not None
    ]
    return {
        "films": [
            {"title": title + row, "film": data_uri(film), "tint": data_uri(as_png(tint(given)))}
            for row in ("", ", set apart")
            for title, film, places in films
            for given in [places.apart if row else places.given]
        ],
        "words": [(word.term, f"{word.gave:.2f}") for word in why.words.matched],
        "sentences": [*(sentence for _, sentence in checks(why)), *why.notes],
    }


def _slice(title: str, number: int | None) -> str:
    return title if number is None else f"{title}, slice {number + 1}"


def scale_css() -> str:
    """The colours of a tint, from the least to the most, as a gradient of the style sheet."""
    last = len(SCALE) - 1
    steps = [
        f"rgb({red} {green} {blue} / {DENSEST * math.sqrt(place / last):.2f})"
        for place, (red, green, blue) in enumerate(SCALE)
    ]
    return f"linear-gradient(90deg, {', '.join(steps)})"


def data_uri(picture: bytes) -> str:
    """A JPEG or a PNG that stands in the page itself."""
    kind = "png" if picture.startswith(_PNG) else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(picture).decode("ascii")
