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
from models.heads.leave_out import patients_of
from models.runtime.registry import trained_on
from models.training.splits import folds
from retrieval.evaluation.systems import Fitted
from retrieval.index import OpenIndex


def cross_fitted(index: OpenIndex, seed: int = 0) -> tuple[list[Fitted], dict[str, int]]:
    """What is fitted for each fold, and the fold of each labelled case by its id.

    As `indexer.fit` does it, with the patients of the fold left out.
    """
    import scipy.optimize  # noqa: F401 - a BLAS of its own, limited only once it is loaded

    labels = index.labels
    labelled = [at for at, label in enumerate(labels) if label]
    told = index.cases.column("patient_id").to_pylist()
    owners = patients_of([told[at] or "" for at in labelled])
    fold = folds([labels[at] for at in labelled], owners, FOLDS, seed)
    judged = ~seen_cases(index.store, index.cases, trained_on(index.config.encoder))
    found = []
    with threadpool_limits(1, user_api="blas"):
        for number in range(FOLDS):
            kept = np.ones(len(labels), bool)
            kept[np.array(labelled, np.intp)[fold == number]] = False
            found.append(_fitted(index, index.cases.filter(pa.array(kept)), judged[kept]))
    return found, {index.case_ids[at]: int(part) for at, part in zip(labelled, fold, strict=True)}


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
