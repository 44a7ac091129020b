"""The weights that a case asks with: fitted without its patient.

The index's own weights were chosen on all of its cases, also on the one that asks. To judge them by
those cases would flatter them, so they are chosen anew for each of five folds of the patients, on
the other four.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from indexer.fit import evidence_of, fit_weights
from models.heads.evidence import FOLDS
from models.heads.leave_out import patients_of
from models.runtime.registry import trained_on
from models.training.splits import folds
from retrieval.index import OpenIndex

Weights = Mapping[str, float]


def cross_fitted(index: OpenIndex, seed: int = 0) -> tuple[list[Weights], dict[str, int]]:
    """The picture's weights for each fold, and the fold of each labelled case by its id.

    As `indexer.fit` does it, with the patients of the fold left out.
    """
    import scipy.optimize  # noqa: F401 - a BLAS of its own, limited only once it is loaded

    labels = index.labels
    labelled = [at for at, label in enumerate(labels) if label]
    told = index.cases.column("patient_id").to_pylist()
    owners = patients_of([told[at] or "" for at in labelled])
    fold = folds([labels[at] for at in labelled], owners, FOLDS, seed)
    learned = trained_on(index.generation.manifest["encoder"]["name"])
    found: list[Weights] = []
    with threadpool_limits(1, user_api="blas"):
        for number in range(FOLDS):
            kept = np.ones(len(labels), bool)
            kept[np.array(labelled, np.intp)[fold == number]] = False
            cases = index.cases.filter(pa.array(kept))
            evidence = evidence_of(index.generation.path, cases, index.dims, learned)
            found.append(fit_weights(evidence).weights)
    return found, {index.case_ids[at]: int(part) for at, part in zip(labelled, fold, strict=True)}


def alone(name: str) -> Sequence[Weights]:
    """One descriptor, nothing else."""
    return [{name: 1.0}]
