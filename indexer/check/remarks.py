"""What was remarked on each scan when it was described (`indexer.quality`)."""

from collections.abc import Sequence

from indexer.check import Finding, Found
from indexer.check.material import Material
from indexer.quality import code_of


def find(material: Material, found: Sequence[Finding]) -> Found:
    """One finding for each remark."""
    remarks = material.films.column("quality")
    return Found(
        tuple(
            Finding(code_of(text), text, (material.film(place),))
            for place, joined in enumerate(remarks)
            for text in filter(None, joined.split("; "))
        )
    )
