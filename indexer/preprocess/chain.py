"""A chain of steps, and its way through a scan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from indexer.preprocess.grammar import Step, parse
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


def parse_chain(texts: Sequence[str] | str) -> tuple[Step, ...]:
    """The chain that `texts` stand for: a list of steps, or one text with commas between them.

    A chain without a windowing step (`voi`, `window`, `stretch`) gets `voi` as its first.

    Raises `UsageError` naming the step, its value, the rule that it broke and what there is: an
    unknown step, an argument that does not fit, or steps in an order that cannot be.
    """
    steps = parse(texts, STEPS)
    windowing = [i for i, step in enumerate(steps) if STEPS[step.name].windowing]
    if not windowing:
        return (Step("voi"), *steps)
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


def preprocess(scan: Scan, chain: tuple[Step, ...], mask: Mask | None = None) -> Scan:
    """The scan after `chain`: unit "display", float32, range 0..1, of the same shape.

    `chain` is what `parse_chain` gives. `mask`: bool, the shape of `scan.pixels` without the colour
    axis; `highlight:mask` needs it. Padding never reaches the pixels beside it (see `fill`) and is
    black in the result; values that are not finite count as padding.

    Raises `UsageError` for a length in mm on a scan of unknown spacing, and for a mask that is
    missing or of another shape.
    """
    current = fill(scan)
    for step in chain:
        kind = STEPS[step.name]
        function = load({step.name: kind.function}, step.name, "step")
        extra = {"mask": mask} if kind.takes_mask else {}
        current = function(current, *step.arguments, **extra)
    own = current.pixels is not scan.pixels
    pixels = np.clip(current.pixels, 0.0, 1.0, out=current.pixels if own else None)
    if current.valid is not None:
        pixels[~current.valid] = 0.0
    return replace(current, pixels=pixels, unit="display", voi=None, inverted=False)
