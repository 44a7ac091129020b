"""Labels that no similar case supports (`models.heads.label_doubt`)."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from indexer.check import DOUBTFUL, Finding, Found
from indexer.check.material import Material
from models.arrays import FloatImage
from models.heads.label_doubt import ALL_OF, FOLDS, VOTERS, doubts, enough
from models.heads.leave_out import Indices, codes, patients_of, sample

CAP = 10_000
"""Scans that are looked at, whole patients; beyond, some are drawn."""

_BESIDE = 40  # films of the same patient that may come before the first of another


def find(material: Material, found: Sequence[Finding]) -> Found:
    """One finding for each doubted label, the most doubtful first."""
    places, left_out = _looked_at(material)
    names = [material.settled[place] for place in places]
    labels = codes(names)
    patients = codes(patients_of([material.film(place).patient_id for place in places]))
    if not len(places) or not enough(labels, patients):
        why = "at least 40 labelled scans are needed, and two labels"
        return Found((), (f"doubtful labels: {why} with {FOLDS} patients each",))
    vectors = material.vectors[places]
    near = nearest_others(vectors, patients)
    told = doubts(vectors, labels, patients, near)
    order = np.argsort(-told.doubt, kind="stable")
    findings = [
        Finding(
            DOUBTFUL,
            _sentence(names[at], [names[other] for other in near[at, :ALL_OF]]),
            (material.film(int(places[at])),),
            score=round(float(told.doubt[at]), 4),
        )
        for at in order
        if told.doubted[at]
    ]
    return Found(tuple(findings), left_out)


def _sentence(own: str, others: Sequence[str]) -> str:
    counted = ", ".join(f"{count} {label}" for label, count in Counter(others).most_common())
    return f"labelled {own}, but the {len(others)} nearest cases of other patients are: {counted}"


def _looked_at(material: Material) -> tuple[Indices, tuple[str, ...]]:
    """The scans whose label can be doubted, and what is said of the others."""
    settled = np.array(material.settled, dtype=str)
    patients = np.array(patients_of([film.patient_id for film in material.all_films]), dtype=str)
    kinds = [label for label in sorted(set(settled.tolist())) if label]
    rare = [k for k in kinds if len(np.unique(patients[settled == k])) < FOLDS]
    told = (settled != "") & ~np.isin(settled, rare) & material.vectors.any(axis=1)
    places = np.flatnonzero(told)
    drawn = places[sample(patients[places].tolist(), CAP)] if len(places) else places
    said = []
    if rare and len(rare) < len(kinds):
        said.append(f"doubtful labels: {', '.join(rare)}, with fewer than {FOLDS} patients each")
    if len(drawn) < len(places):
        said.append(f"doubtful labels: {len(drawn)} of {len(places)} scans were looked at")
    return drawn, tuple(said)


def nearest_others(vectors: FloatImage, patients: Indices) -> Indices:
    """The nearest `VOTERS` rows of other patients, best first; -1 where there are no more."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    depth = min(VOTERS + _BESIDE, len(vectors))
    near = index.search(vectors, depth)[1]
    own = patients[near] == patients[:, None]
    order = np.argsort(own, axis=1, kind="stable")[:, :VOTERS]
    kept = np.take_along_axis(near, order, axis=1)
    kept[np.take_along_axis(own, order, axis=1)] = -1
    return np.asarray(kept, np.intp)
