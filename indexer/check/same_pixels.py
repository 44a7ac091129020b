"""Files that differ, but show the same picture to the last bit."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from indexer.check import SAME_PIXELS, Finding, Found
from indexer.check.material import Material
from indexer.quality import codes_of


def find(material: Material, found: Sequence[Finding]) -> Found:
    """One finding for each picture that several scans show.

    They are the same if all their descriptors are, and their previews: nothing here has seen more
    of them. Blank scans are left out: they are all the same.
    """
    alike: dict[bytes, list[int]] = defaultdict(list)
    for place, vector in enumerate(material.vectors):
        if np.any(vector):
            alike[vector.tobytes()].append(place)
    findings = []
    for places in alike.values():
        if len(places) < 2:
            continue
        by_preview: dict[bytes, list[int]] = defaultdict(list)
        for place, preview in zip(places, material.films.previews(places), strict=True):
            by_preview[preview].append(place)
        findings += [
            Finding(
                SAME_PIXELS,
                f"the same pixels in {len(same)} files",
                tuple(material.film(place) for place in same),
                score=1.0,
            )
            for same in by_preview.values()
            if len(same) > 1 and not _blank(material, same[0])
        ]
    return Found(tuple(findings))


def _blank(material: Material, place: int) -> bool:
    return "blank" in codes_of(material.films.column("quality")[place])
