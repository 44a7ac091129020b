"""Films that lie otherwise than the archive's others, or are inverted."""

from collections.abc import Sequence

from indexer.check import Finding, Found
from indexer.check.material import Material
from indexer.quality import code_of
from models.heads.orientation import KINDS


def find(material: Material, found: Sequence[Finding]) -> Found:
    """What the fitted heads say of each scan's embedding (`models.heads.orientation`)."""
    lie = material.lie
    not_done = [f"how the films of {group} lie: {why}" for group, why in lie.declined]
    for head in lie.heads:
        untold = [kind for kind in KINDS[1:] if kind not in head.limits]
        if untold:
            kinds = ", ".join(_WORDS[kind] for kind in untold)
            not_done.append(f"whether films of {head.group} are {kinds}: that cannot be told")
    if not lie.heads:
        return Found((), tuple(not_done))
    start = material.dims["colour"] + material.dims["edge"]
    told = lie.findings(material.vectors[:, start:], material.films.groups)
    return Found(
        tuple(
            Finding(code_of(text), text, (material.film(place),))
            for place, text in enumerate(told)
            if text
        ),
        tuple(not_done),
    )


_WORDS = {
    "left": "turned to the left",
    "over": "turned by 180 degrees",
    "right": "turned to the right",
    "inverted": "inverted",
}
