"""The words of a filter, and how a complaint about one of them looks."""

import re
from dataclasses import dataclass
from typing import Literal

from models.errors import UsageError

Kind = Literal["number", "text", "word", "sign", "end"]

_TOKEN = re.compile(
    r"""(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<word>[^\W\d]\w*|`[^`]+`)
      | (?P<sign><=|>=|<>|!=|==|[=<>(),])""",
    re.VERBOSE,
)

_LARGEST_INTEGER = 2**63 - 1

_SHOWN = 70
"""Characters of a long filter that a complaint shows around the place."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word, value or sign. `text` is as written, quotes included; `start` its place."""

    kind: Kind
    text: str
    start: int

    def value(self) -> str | int | float | bool | None:
        """What the token stands for as a value, or None if it is not one."""
        if self.kind == "text":
            quote = self.text[0]
            return self.text[1:-1].replace(quote * 2, quote)
        if self.kind == "number":
            return _number(self.text)
        if self.kind == "word" and self.text.lower() in ("true", "false"):
            return self.text.lower() == "true"
        return None


def _number(text: str) -> int | float:
    # Beyond 64 bits Arrow has no integer; a float is as good to compare with.
    number = float(text)
    if re.fullmatch(r"[+-]?\d+", text) and abs(number) < _LARGEST_INTEGER:
        return int(text)
    return number


def tokens_of(text: str) -> list[Token]:
    """The tokens of a filter in order, the last of kind ``end``.

    Raises `UsageError` where something is none: an open quote, a sign that means nothing.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise complaint(_unreadable(text, at), text, at)
        kind: Kind = match.lastgroup  # type: ignore[assignment]  # the groups bear these names
        tokens.append(Token(kind, match.group(), at))
        at = match.end()
    return [*tokens, Token("end", "", len(text))]


def _unreadable(text: str, at: int) -> str:
    if text[at] in "'\"`":
        return f"this quote is not closed; add {text[at]} at the end of the text"
    if text[at].isdigit() or text[at] in "+-.":
        return "this is not a number; text goes in quotes"
    return f"{text[at]!r} means nothing in a filter; a column with such a name goes in `backticks`"


def complaint(sentence: str, text: str, at: int) -> UsageError:
    """The error that shows `text` with a caret under place `at`."""
    first = max(0, at - _SHOWN // 2)
    shown = text[first : first + _SHOWN]
    shown = "".join(character if character.isprintable() else " " for character in shown)
    before = "…" if first else ""
    after = "…" if first + _SHOWN < len(text) else ""
    caret = " " * (len(before) + at - first) + "^"
    return UsageError(f"filter: {sentence}\n  {before}{shown}{after}\n  {caret}")
