"""What a case asks with: weights and learned likeness that were fitted without its patient.

The index's own were fitted on all of its cases, also on the one that asks. To judge them by those
cases would flatter them, so they are fitted anew for each of five folds of the patients, on the
other four.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from indexer.fit import evidence_of, fit_likeness, fit_weights, with_learned
from indexer.searched import searched_vectors
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
    learned = trained_on(index.config.encoder)
    found = []
    with threadpool_limits(1, user_api="blas"):
        for number in range(FOLDS):
            kept = np.ones(len(labels), bool)
            kept[np.array(labelled, np.intp)[fold == number]] = False
            cases = index.cases.filter(pa.array(kept))
            found.append(_fitted(index, cases, learned))
    return found, {index.case_ids[at]: int(part) for at, part in zip(labelled, fold, strict=True)}


def _fitted(index: OpenIndex, cases: pa.Table, learned: Mapping[str, int]) -> Fitted:
    evidence = evidence_of(index.generation.path, cases, index.dims, learned)
    weights = fit_weights(evidence).weights
    own = linear.fit(evidence.sampled(combined.CAP)) if index.heads.likeness else None
    taught = fit_likeness(evidence, own[0] if own else None, weights)
    if taught is None:
        return Fitted(weights)
    parts = searched_vectors(index.store, index.dims, taught)
    rows = np.vstack([part[:, -taught.dim :] for part in parts])
    return Fitted(with_learned(weights, taught), taught, rows)


def alone(name: str) -> list[Fitted]:
    """One descriptor, nothing else."""
    return [Fitted({name: 1.0})]
