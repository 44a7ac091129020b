"""The index's own recall: what its search finds of what comparing with every vector finds.

It says nothing of diagnoses. 1 for an exact index; of an approximate one it is what its speed
costs.
"""

import numpy as np

from indexer.searched import searched_vectors
from retrieval.evaluation.questions import Questions
from retrieval.evaluation.systems import Weighted
from retrieval.index import OpenIndex

FIRST = 10
QUESTIONS = 100


def search_recall(archive: OpenIndex, questions: Questions, system: Weighted) -> float:
    """The share of the `FIRST` nearest cases, by every stored vector, that the search gives: 0..1.

    Over `QUESTIONS` questions at most; NaN where none has anything to compare.
    """
    stored = np.vstack(list(searched_vectors(archive.store, archive.dims, archive.heads.likeness)))
    case_of_row = archive.ranker.case_of_row
    count = len(archive.case_ids)
    shares = []
    for question in questions.asked[:QUESTIONS]:
        vector = system.vector(question)
        if vector is None:
            continue
        scores = np.full((len(vector), count), -np.inf, np.float32)
        for row, each in zip(scores, vector @ stored.T, strict=True):
            allowed = ~question.own
            np.maximum.at(row, case_of_row[allowed], each[allowed])
        mean = scores.mean(axis=0)
        exact = np.sort(mean[np.isfinite(mean)])[::-1][:FIRST]
        if not len(exact):
            continue
        found = archive.ranker.nearest(vector, FIRST, ~question.own)
        # Equal scores are equally right, and sums in another order differ in their last digits.
        hits = sum(mean[one.case] >= exact[-1] - 1e-5 for one in found)
        shares.append(hits / len(exact))
    return float(np.mean(shares)) if shares else float("nan")
