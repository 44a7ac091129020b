"""A chain of steps, and its way through a scan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from indexer.preprocess.grammar import Quantity, Step, parse
from indexer.preprocess.padding import fill
from indexer.preprocess.steps import STEPS
from indexer.scan import Scan
from models.arrays import Mask
from models.errors import UsageError
from models.table import load

DEFAULT_CHAINS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "": ("voi",),
        # A CT's window varies by scanner and by reader; a fixed one shows like as like. Other parts
        # of the body than the chest have no single window, so there the file's own is taken.
        "CT CHEST": ("window:-600,1500HU",),
        # MR has no unit: the same tissue has another value in every series.
        "MR": ("stretch:1,99",),
        # Counts and uptake: the background is most of the picture, and it is zero.
        "NM": ("stretch:0,99.8",),
        "PT": ("stretch:0,99.8",),
    }
)
"""Chains by modality, or by modality and body part ("CT CHEST"); "" for any other."""

_BEFORE = frozenset({"crop", "invert", "rewindow"})  # they have no effect, or less, after `voi`


def parse_chain(texts: Sequence[str] | str) -> tuple[Step, ...]:
    """The chain that `texts` stand for: a list of steps, or one text with commas between them.

    A chain without a windowing step (`voi`, `window`, `stretch`) gets `voi` as its first, or as the
    next after `crop`, `invert` and `rewindow`, which concern what `voi` is given.

    Raises `UsageError` naming the step, its value, the rule that it broke and what there is: an
    unknown step, an argument that does not fit, or steps in an order that cannot be.
    """
    steps = parse(texts, STEPS)
    windowing = [i for i, step in enumerate(steps) if STEPS[step.name].windowing]
    _check_reshaping(steps)
    if not windowing:
        first = next((i for i, step in enumerate(steps) if step.name not in _BEFORE), len(steps))
        return (*steps[:first], Step("voi"), *steps[first:])
    for step in steps[: windowing[0]]:
        if STEPS[step.name].needs_display:
            raise UsageError(
                f"step {str(step)!r} works on grey levels, so it cannot stand before "
                f"{str(steps[windowing[0]])!r}, which makes them; put it after, or voi first"
            )
    for place in windowing[1:]:
        if steps[place].name != "stretch":
            raise UsageError(
                f"step {str(steps[place])!r} works on measured values, and "
                f"{str(steps[windowing[0]])!r} before it has made grey levels of them; keep one"
            )
    return steps


def _check_reshaping(steps: Sequence[Step]) -> None:
    """Raises `UsageError` if a step that changes the shape stands after one that does not."""
    kept = False
    for step in steps:
        if STEPS[step.name].reshapes and kept:
            raise UsageError(
                f"step {str(step)!r} changes the shape, so that it has to stand first, before the "
                "region is looked for; put it first"
            )
        kept = kept or not STEPS[step.name].reshapes


def parted(chain: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """The steps of a chain that change the shape, which stand first, and the others."""
    count = sum(STEPS[step.name].reshapes for step in chain)
    return chain[:count], chain[count:]


def follows_window(chain: tuple[Step, ...], unit: str) -> bool:
    """Whether what comes of `chain` depends on the window that the file asks for.

    `unit`: of the scan's values; a window in HU is for HU alone, others are shown by `voi`.
    """
    first = next((step for step in chain if STEPS[step.name].windowing), Step("voi"))
    if first.name == "window" and unit != "HU":
        return any(isinstance(one, Quantity) and one.unit == "HU" for one in first.arguments)
    return first.name == "voi"


def chains_with(own: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """The default chains with `own` over them; an own "CT" also replaces the default "CT CHEST"."""
    kept = {key: chain for key, chain in DEFAULT_CHAINS.items() if key.split(" ")[0] not in own}
    return {**kept, **own}


def chain_for(
    modality: str, chains: Mapping[str, Sequence[str]], body_part: str = ""
) -> tuple[Step, ...]:
    """The chain of a modality: of "CT CHEST" before "CT" before "", before `voi` alone.

    Raises `UsageError` as `parse_chain` does.
    """
    for key in (f"{modality} {body_part}", modality, ""):
        if key in chains:
            return parse_chain(chains[key])
    return parse_chain(())


def apply(scan: Scan, chain: Sequence[Step], mask: Mask | None = None) -> Scan:
    """The scan after these steps, whatever its unit is then. Raises as `preprocess` does."""
    for step in chain:
        kind = STEPS[step.name]
        function = load({step.name: kind.function}, step.name, "step")
        extra = {"mask": mask} if kind.takes_mask else {}
        scan = function(scan, *step.arguments, **extra)
    return scan


def preprocess(scan: Scan, chain: tuple[Step, ...], mask: Mask | None = None) -> Scan:
    """The scan after `chain`: unit "display", float32, range 0..1, of the same shape or cropped.

    `chain` is what `parse_chain` gives. `mask`: bool, the shape of `scan.pixels` without the colour
    axis; `highlight:mask` needs it. Padding never reaches the pixels beside it (see `fill`) and is
    black in the result; values that are not finite count as padding.

    Raises `UsageError` for a length in mm on a scan of unknown spacing, and for a mask that is
    missing or of another shape.
    """
    current = apply(fill(scan), chain, mask)
    own = current.pixels is not scan.pixels
    pixels = np.clip(current.pixels, 0.0, 1.0, out=current.pixels if own else None)
    if current.valid is not None:
        pixels[~current.valid] = 0.0
    return replace(current, pixels=pixels, unit="display", voi=None, inverted=False)
