"""What a case asks with: weights and learned likeness that were fitted without its patient.

The index's own were fitted on all of its cases, also on the one that asks. To judge them by those
cases would flatter them, so they are fitted anew for each of five folds of the patients, on the
other four.
"""

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from indexer.fit import (
    evidence_of,
    fit_likeness,
    fit_weights,
    seen_cases,
    with_learned,
    with_text,
)
from indexer.searched import searched_vectors
from models.arrays import Mask
from models.heads import combined, linear
from models.heads.evidence import FOLDS
from models.runtime.registry import trained_on
from models.training.splits import folds
from retrieval.evaluation.questions import PATIENT
from retrieval.evaluation.systems import Fitted
from retrieval.index import OpenIndex

CrossFitted = tuple[list[Fitted], dict[str, int]]
"""What is fitted for each fold, and the fold of cases by their ids; others are of the first."""


def as_it_is(index: OpenIndex) -> CrossFitted:
    """What stands in the index, for whoever had no part in it."""
    return [Fitted(index.weights, index.heads.likeness)], {}


def cross_fitted(index: OpenIndex, seed: int = 0) -> CrossFitted:
    """What is fitted for each fold of the people, with the fold of each labelled case.

    As `indexer.fit` does it, with the patients of the fold left out.
    """
    import scipy.optimize  # noqa: F401 - a BLAS of its own, limited only once it is loaded

    labels = index.labels
    labelled = [at for at, label in enumerate(labels) if label]
    people = _people(index)
    owners = [people[at] for at in labelled]
    fold = folds([labels[at] for at in labelled], owners, FOLDS, seed)
    judged = ~seen_cases(index.store, index.cases, trained_on(index.config.encoder))
    found = []
    with threadpool_limits(1, user_api="blas"):
        for number in range(FOLDS):
            kept = np.ones(len(labels), bool)
            kept[np.array(labelled, np.intp)[fold == number]] = False
            found.append(_fitted(index, index.cases.filter(pa.array(kept)), judged[kept]))
    return found, {index.case_ids[at]: int(part) for at, part in zip(labelled, fold, strict=True)}


def _people(index: OpenIndex) -> list[str]:
    """Whose each case is: those that share a name, the archive's or a header's, are one person's.

    As in `retrieval.evaluation.questions`, where such cases may not answer each other.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    place = {name: at for at, name in enumerate(index.case_ids)}
    names: dict[str, int] = {}
    pairs = []
    for row in index.facts.select(["case_id", *PATIENT]).to_pylist():
        for key in PATIENT:
            if row[key]:
                name = names.setdefault(row[key], len(place) + len(names))
                pairs.append((place[row["case_id"]], name))
    count = len(place) + len(names)
    ends = np.array(pairs, np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (ends[0], ends[1])), shape=(count, count))
    _, person = connected_components(graph, directed=False)
    return [str(number) for number in person[: len(place)]]


def _fitted(index: OpenIndex, cases: pa.Table, judged: Mask) -> Fitted:
    evidence = evidence_of(index.generation.path, cases, index.dims, judged)
    fusion = fit_weights(evidence)
    weights = with_text(fusion).weights
    own = linear.fit(evidence.sampled(combined.CAP)) if index.heads.likeness else None
    taught = fit_likeness(evidence, own[0] if own else None, fusion.weights)
    if taught is None:
        return Fitted(weights)
    parts = searched_vectors(index.store, index.dims, taught)
    rows = np.vstack([part[:, -taught.dim :].copy() for part in parts])
    return Fitted(with_learned(weights, taught), taught, rows)


def alone(name: str) -> list[Fitted]:
    """One descriptor, nothing else."""
    return [Fitted({name: 1.0})]
