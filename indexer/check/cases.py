"""Labels that contradict each other within a case, and labels that change from study to study.

A label names one diagnosis, so two labels of one study exclude each other: a fault. Two studies of
one patient may well have two: he fell ill, or got well. That is a remark.
"""

from collections import defaultdict
from collections.abc import Sequence

from indexer.check import CHANGING, CONTRADICTING, Finding, Found
from indexer.check.material import Material


def find(material: Material, found: Sequence[Finding]) -> Found:
    """One finding for each such case, and one for each such patient."""
    cases: dict[str, list[int]] = defaultdict(list)
    patients: dict[str, list[int]] = defaultdict(list)
    for place, film in enumerate(material.all_films):
        if film.label:
            cases[film.case_id].append(place)
        if film.patient_id and material.settled[place]:
            patients[film.patient_id].append(place)
    within = _findings(material, cases, CONTRADICTING, "one case is labelled {}")
    between = _findings(material, patients, CHANGING, "one patient's studies are labelled {}")
    return Found((*within, *between))


def _findings(
    material: Material, groups: dict[str, list[int]], code: str, sentence: str
) -> list[Finding]:
    findings = []
    for places in groups.values():
        labels = sorted({material.labels[place] for place in places})
        if len(labels) > 1:
            films = tuple(material.film(place) for place in places)
            findings.append(Finding(code, sentence.format(" and ".join(labels)), films))
    return findings
