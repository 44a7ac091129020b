"""Which words of a report the query's words meet."""

import re

_WORD = re.compile(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_IDLE = frozenset(("and", "are", "for", "from", "has", "not", "the", "was", "with", "without"))
_SHORTEST = 3
_STEM = 5
"""Letters from which on a shared beginning is taken for the same word: effusion, effusions."""


def marked(text: str, query: str) -> list[tuple[str, bool]]:
    """`text` cut into pieces, each with whether it is a word that `query` asks for.

    The pieces put together are `text` again. Case does not matter; neither do endings of longer
    words. In Chinese, which has no spaces, any two characters in a row that the query has.
    """
    words = [word.group().casefold() for word in _WORD.finditer(query)]
    asked = {word for word in words if len(word) >= _SHORTEST and word not in _IDLE}
    pairs = {run[at : at + 2] for run in words if _CHINESE.match(run) for at in range(len(run) - 1)}
    pieces: list[tuple[str, bool]] = []
    last = 0
    for start, end in _places(text, asked, pairs):
        pieces += [(text[last:start], False)] if start > last else []
        pieces.append((text[start:end], True))
        last = end
    return pieces + ([(text[last:], False)] if last < len(text) else [])


def _places(text: str, asked: set[str], pairs: set[str]) -> list[tuple[int, int]]:
    """The places to mark, in order and apart."""
    places: list[tuple[int, int]] = []
    for word in _WORD.finditer(text):
        if _CHINESE.match(word.group()):
            for at in range(word.start(), word.end() - 1):
                if text[at : at + 2] in pairs:
                    _append(places, at, at + 2)
        elif any(_same(word.group().casefold(), other) for other in asked):
            places.append(word.span())
    return places


def _append(places: list[tuple[int, int]], start: int, end: int) -> None:
    """Adds a place, joined to the last one if they touch."""
    if places and places[-1][1] >= start:
        start, _ = places.pop()
    places.append((start, end))


def _same(word: str, other: str) -> bool:
    if word == other:
        return True
    short, long = sorted((word, other), key=len)
    return len(short) >= _STEM and long.startswith(short)
