"""One film, two stories: the same picture under two patients or under two labels."""

from collections.abc import Sequence

from indexer.check import (
    NEAR_DUPLICATE,
    SAME_BYTES,
    SAME_PIXELS,
    TWO_LABELS,
    TWO_PATIENTS,
    Finding,
    Found,
)
from indexer.check.material import Material


def find(material: Material, found: Sequence[Finding]) -> Found:
    """What films that are the same, by any of the checks before, are said to be."""
    findings = []
    for same in found:
        if same.code not in (SAME_BYTES, SAME_PIXELS, NEAR_DUPLICATE):
            continue
        patients = {film.patient_id for film in same.films} - {""}
        labels = {film.label for film in same.films} - {""}
        if len(patients) > 1:
            said = f"{same.sentence}, of {len(patients)} patients"
            findings.append(Finding(TWO_PATIENTS, said, same.films, same.score))
        if len(labels) > 1:
            said = f"{same.sentence}, labelled {', '.join(sorted(labels))}"
            findings.append(Finding(TWO_LABELS, said, same.films, same.score))
    return Found(tuple(findings))
