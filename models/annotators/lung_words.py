"""Words for what the masks of the lungs measure; only for what few normal films have.

Every limit is a percentile of the normal films among the archive rows of the chest film set (506
films, NLM and NIH), measured with the shipped lung segmenter: `python -m benchmarks.lung_norms`.
11 % of them have a zone that is said to be dense, 47 % of the tuberculosis films.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from models.annotators.lung_measures import SIDES, ZONES

LARGE_HEART = 0.549
"""95th percentile of `heart_to_chest`."""

SMALL_LEFT, SMALL_RIGHT = 0.522, 1.223
"""2.5th and 97.5th percentile of `left_to_right`."""

DENSE: Mapping[str, float] = MappingProxyType(
    {
        "right_upper": 0.133,
        "right_middle": 0.093,
        "right_lower": 0.324,
        "left_upper": 0.117,
        "left_middle": 0.129,
        "left_lower": 0.502,
    }
)
"""98th percentile of each zone's share of bright pixels; the heart lies over the left lower one."""


def phrases(measured: Mapping[str, float]) -> tuple[str, ...]:
    """What is beyond its limit, a phrase each; sides are the patient's. Empty where nothing is."""
    return tuple(_phrases(measured))


def _phrases(measured: Mapping[str, float]) -> Iterator[str]:
    found = [side for side in SIDES if f"{side}_lung_area" in measured]
    if not found:
        yield "lungs not found"
        return
    for side in SIDES:
        if side not in found:
            yield f"patient's {side} lung not found"
    ratio = measured.get("left_to_right")
    if ratio is not None and ratio < SMALL_LEFT:
        yield "patient's left lung small"
    if ratio is not None and ratio > SMALL_RIGHT:
        yield "patient's right lung small"
    if measured.get("heart_to_chest", 0.0) > LARGE_HEART:
        yield "enlarged heart shadow"
    for zone in ZONES:
        for side in SIDES:
            if measured.get(f"{side}_{zone}_bright", 0.0) > DENSE[f"{side}_{zone}"]:
                yield f"opacity in patient's {side} {zone} zone"
