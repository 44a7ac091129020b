"""The checks that there are, in their order, and their way over one scan.

A new check is a file with a function `View -> Finding | None`, a line here, and its code in
`indexer.quality.finding`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from indexer.quality.border import border
from indexer.quality.finding import Finding
from indexer.quality.view import view_of
from indexer.scan import Scan
from models.table import load

CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "very_small": "indexer.quality.size:very_small",
        "wrong_window": "indexer.quality.window:wrong_window",
        "blank": "indexer.quality.levels:blank",
        "few_levels": "indexer.quality.levels:few_levels",
        "inverted": "indexer.quality.inversion:inverted",
        "overexposed": "indexer.quality.exposure:overexposed",
        "underexposed": "indexer.quality.exposure:underexposed",
        "low_resolution": "indexer.quality.size:low_resolution",
        "blur": "indexer.quality.blur:blur",
        "noise": "indexer.quality.noise:noise",
        "burned_in_text": "indexer.quality.text:burned_in_text",
        "no_spacing": "indexer.quality.size:no_spacing",
    }
)
"""Code -> "module:function". The check for borders runs before them: they look inside it."""

SETTLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "blank": frozenset(CHECKS) - {"very_small", "no_spacing"},
        "few_levels": frozenset(CHECKS) - {"very_small", "no_spacing"},
        "wrong_window": frozenset({"inverted", "overexposed", "underexposed", "blur", "noise"}),
        "inverted": frozenset({"overexposed", "underexposed"}),
        "overexposed": frozenset({"underexposed"}),
        "very_small": frozenset(CHECKS) - {"blank", "few_levels", "no_spacing"},
        "low_resolution": frozenset({"blur", "noise"}),
        "blur": frozenset({"noise"}),
    }
)
"""Once this is found, those are not looked for: they would only say the same again."""


def findings(scan: Scan, number: int = 0) -> tuple[Finding, ...]:
    """What the checks find on slice `number` of a volume, or on a picture, in their order.

    Never fails on what the pixels hold: NaN counts as black.
    """
    view = view_of(scan, number)
    found: list[Finding] = []
    bands = border(view)
    if bands is not None:
        found, view = [bands[0]], bands[1]
    settled: set[str] = set()
    for code, place in CHECKS.items():
        if code in settled:
            continue
        finding = load({code: place}, code, "check")(view)
        if finding is not None:
            found.append(finding)
            settled |= SETTLES.get(code, frozenset())
    return tuple(found)
