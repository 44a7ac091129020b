"""What a check found, as a record, and as the text that an index keeps of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType(
    {
        "blank": "every pixel is alike",
        "very_small": "less than 64 pixels along a side",
        "few_levels": "hardly any grey levels",
        "border": "a black or white border without anything in it",
        "inverted": "grey levels the wrong way round",
        "rotated": "lies on its side or upside down, by its embedding",
        "wrong_window": "the window hides most of what was measured",
        "overexposed": "most of it is white, or nearly",
        "underexposed": "nowhere brighter than mid-grey, or most of it black",
        "low_resolution": "few pixels, or pixels that were repeated",
        "blur": "no fine detail",
        "noise": "grain as strong as what is shown",
        "burned_in_text": "words are part of the picture",
        "no_spacing": "a volume without known distances between its slices",
    }
)
"""The codes that there are. They are stored, so a code keeps its meaning for good."""

MENDS: Mapping[str, str] = MappingProxyType(
    {
        "border": "crop",
        "inverted": "invert",
        "wrong_window": "rewindow",
    }
)
"""Findings that can be mended, and the preprocessing step that does it."""

DEFAULT_MENDS = tuple(MENDS)
"""Those that are mended unless somebody says otherwise; `docs/quality.md` has the figures."""

_BETWEEN = "; "  # two findings in one text: never part of a finding


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person should know before reading an answer about this scan.

    `code`: one of `CODES`. `sentence`: for a person, without the code. `value`: the measure that
    the check compared, in the unit that its docstring names. `mend`: the preprocessing steps that
    would undo it, as they are written in a chain; empty where nothing can. `mended`: whether they
    were done.
    """

    code: str
    sentence: str
    value: float = 0.0
    mend: str = ""
    mended: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for a code that does not exist, or a sentence that cannot be joined."""
        if self.code not in CODES:
            raise ValueError(f"{self.code!r} is no code of a finding")
        if _BETWEEN in self.sentence:
            raise ValueError(f"{self.sentence!r} holds {_BETWEEN!r}, which parts two findings")

    def __str__(self) -> str:
        """As the index keeps it and the answer shows it, e.g. ``blank: every pixel is alike``."""
        told = f" (mended by {self.mend})" if self.mended else ""
        return f"{self.code}: {self.sentence}{told}"


def joined(texts: Iterable[str]) -> str:
    """The texts of a scan's findings as one: the column `quality` of the store."""
    return _BETWEEN.join(texts)


def code_of(text: str) -> str:
    """The code that the text of a finding begins with; empty if it begins with none."""
    code = text.partition(":")[0]
    return code if code in CODES else ""


def codes_of(quality: str) -> tuple[str, ...]:
    """The codes in the column `quality` of the store, in the order of the checks."""
    return tuple(code for text in quality.split(_BETWEEN) if (code := code_of(text)))
